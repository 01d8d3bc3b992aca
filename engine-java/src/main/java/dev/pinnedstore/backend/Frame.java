package dev.pinnedstore.backend;

import dev.pinnedstore.os.Mapping;
import java.lang.foreign.MemorySegment;

/**
 * The memory of one page: its data and, directly behind it, its {@link EntryLayout entry table}.
 *
 * <p>Immutable, so that a reader that loads it once sees base, size and table of the same mapping.
 */
final class Frame {
  final Mapping mapping;
  final MemorySegment base;
  final long dataBytes;

  /** Words in the table: one per granule, or one in all for a page that holds a single blob. */
  final long entries;

  Frame(Mapping mapping, long entries) {
    this.mapping = mapping;
    this.base = mapping.base();
    this.dataBytes = mapping.dataBytes();
    this.entries = entries;
  }

  long tableBytes() {
    return entries * EntryLayout.ENTRY_BYTES;
  }
}
