package dev.pinnedstore.backend;

import dev.pinnedstore.os.Mapping;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MemorySource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Frames that are each a mapping of their own, the table directly behind the data. */
final class MappedFrames implements FrameSource {
  private static final long HUGE_PAGE_BYTES = 2L << 20;

  private final MemorySource source;

  MappedFrames(MemorySource source) {
    this.source = source;
  }

  @Override
  public Frame commit(int pageId, long dataBytes, long entries) throws MappingFailedException {
    Mapping mapping = source.map(dataBytes, tableBytes(entries), dataBytes >= HUGE_PAGE_BYTES);
    boolean touched = false;
    try {
      mapping.touch();
      touched = true;
    } finally {
      if (!touched) {
        mapping.close();
      }
    }
    return new MappedFrame(mapping, entries);
  }

  @Override
  public long tableBytes(long entries) {
    return entries * EntryLayout.ENTRY_BYTES;
  }

  @Override
  public boolean close(Iterable<Frame> frames) {
    boolean all = true;
    for (Frame frame : frames) {
      all &= frame.close();
    }
    return all;
  }

  static final class MappedFrame extends Frame {
    private final Mapping mapping;

    MappedFrame(Mapping mapping, long entries) {
      super(
          mapping.base(),
          mapping.base().asSlice(mapping.dataBytes(), entries * EntryLayout.ENTRY_BYTES),
          mapping.dataBytes(),
          entries,
          entries * EntryLayout.ENTRY_BYTES);
      this.mapping = mapping;
    }

    @Override
    MemorySegment view(long bytes, Arena arena) {
      return mapping.view(arena).asSlice(0, bytes);
    }

    @Override
    MemorySegment window(long offset, long bytes, Arena arena) {
      return mapping.window(offset, bytes, arena);
    }

    @Override
    boolean close() {
      return mapping.close();
    }
  }
}
