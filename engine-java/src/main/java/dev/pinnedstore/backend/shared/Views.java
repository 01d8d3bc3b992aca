package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.CoarseClock;
import dev.pinnedstore.backend.ViewGroup;
import dev.pinnedstore.backend.ViewGroups;
import dev.pinnedstore.os.AliasFailedException;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MappingFailedException.Limit;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Opens the views of chunks, under a lease that keeps a chunk from being opened again, and lets
 * them die.
 */
final class Views {
  private final Chunks chunks;
  private final Keeper keeper;
  private final ViewGroups groups;
  private final CoarseClock clock;

  Views(Chunks chunks, Keeper keeper, ViewGroups groups, CoarseClock clock) {
    this.chunks = chunks;
    this.keeper = keeper;
    this.groups = groups;
    this.clock = clock;
  }

  /** Makes the view of a chunk's present incarnation, unless there is one. */
  void open(Chunk chunk) {
    adopt(chunk);
    synchronized (chunk) {
      Chunk.View view = chunk.view;
      if (view != null && view.generation() == chunk.generation()) {
        return;
      }
      if (!chunks.lease(chunk)) {
        settle(chunk);
        return;
      }
      Steps.reached("view.leased");
      // The lease first, the generation after.
      VarHandle.fullFence();
      boolean opened = false;
      try {
        opened = install(chunk);
      } finally {
        if (!opened) {
          chunks.endLease(chunk);
        }
      }
    }
  }

  private boolean install(Chunk chunk) {
    int generation = chunk.generation();
    ViewGroup group =
        ChunkLayout.has(chunk.base, ChunkLayout.RETIRED)
            ? null
            : groups.join(clock.nanos(), chunk.capacity);
    if (group == null) {
      return false;
    }
    boolean installed = false;
    try {
      MemorySegment segment =
          chunk.data.alias(ChunkLayout.HEADER_BYTES, chunk.capacity, group.arena).asReadOnly();
      chunk.view = new Chunk.View(generation, segment, group);
      installed = true;
      return true;
    } finally {
      if (!installed) {
        groups.leave(group);
      }
    }
  }

  /** A chunk that is gone, or whose earlier views have not died: helps that on. */
  private void settle(Chunk chunk) {
    checkKnown(chunk);
    var _ = end(true);
  }

  /** Sees to it that an original's chunk has an entry in the chunk table. */
  void adopt(Chunk chunk) {
    if (chunk.index < 0) {
      keeper.adopt(chunk);
    }
  }

  /** Without an entry in the chunk table, keepers would not see what is noted of a chunk. */
  static void checkKnown(Chunk chunk) {
    if (chunk.index < 0) {
      throw new AliasFailedException(
          new MappingFailedException(
              Limit.OTHER,
              "chunks=" + PeersLayout.CHUNKS + ": no more can be viewed or written in place",
              -1,
              -1,
              null));
    }
  }

  /** Lets views of the past die, and what is no more; the number of Arenas closed. */
  int end(boolean atOnce) {
    chunks.tidy();
    int closed = groups.closeComplete(clock.nanos(), atOnce);
    chunks.tidy();
    return closed;
  }
}
