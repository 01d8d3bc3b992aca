package dev.pinnedstore.backend;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The memory of one page: its data and its {@link EntryLayout entry table}.
 *
 * <p>Immutable, so that a reader that loads it once sees data, sizes and table of one incarnation.
 */
abstract class Frame {
  /** The data, beginning at the page's first byte; it may go on behind the page's last. */
  final MemorySegment base;

  final MemorySegment table;

  /** Bytes of the page itself. */
  final long dataBytes;

  /** Words in the table: one per granule, or one in all for a page that holds a single blob. */
  final long entries;

  /** Bytes of memory that the table takes, at least those of its words. */
  final long tableBytes;

  Frame(MemorySegment base, MemorySegment table, long dataBytes, long entries, long tableBytes) {
    this.tableBytes = tableBytes;
    this.base = base;
    this.table = table;
    this.dataBytes = dataBytes;
    this.entries = entries;
  }

  /** A read-only alias of the first bytes, which lives as long as an Arena. */
  abstract MemorySegment view(long bytes, Arena arena);

  /** A writable alias of a range, which lives as long as an Arena. */
  abstract MemorySegment window(long offset, long bytes, Arena arena);

  /** Gives the memory back; false when that is not possible right now. */
  abstract boolean close();
}
