package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.BackendEvents;
import dev.pinnedstore.backend.CoarseClock;
import dev.pinnedstore.backend.Codes;
import dev.pinnedstore.os.MappingLostException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Publishes, reads and acknowledges blobs: what happens to bytes once {@link WriteHead} has
 * reserved them. {@link SharedBackend} says how; what a handle is, {@link Handles}.
 */
final class Blobs {
  private final Namespace namespace;
  private final Cells cells;
  private final MemorySegment control;
  private final Chunks chunks;
  private final Handles handles;
  private final Expiry expiry;
  private final WriteHead head;
  private final Views views;
  private final CoarseClock clock;
  private final BackendEvents events;

  Blobs(
      Namespace namespace,
      Chunks chunks,
      Handles handles,
      Expiry expiry,
      WriteHead head,
      Views views,
      CoarseClock clock,
      BackendEvents events) {
    this.namespace = namespace;
    this.cells = namespace.peers.cells;
    this.control = namespace.control();
    this.chunks = chunks;
    this.handles = handles;
    this.expiry = expiry;
    this.head = head;
    this.views = views;
    this.clock = clock;
    this.events = events;
  }

  // ---- publish

  void publish(long place, MemorySegment source, long offset, long size, long millis) {
    Chunk chunk = chunks.at(place);
    long to = ChunkLayout.HEADER_BYTES + start(place);
    boolean copied = false;
    try {
      MemorySegment.copy(source, offset, chunk.base, to, size);
      copied = true;
    } catch (InternalError e) {
      throw cutOff(chunk, e);
    } finally {
      if (!copied) {
        cancel(place, size);
      }
    }
    publishCopied(chunk, place, size, millis);
  }

  void publish(long place, byte[] source, int offset, int size, long millis) {
    Chunk chunk = chunks.at(place);
    long to = ChunkLayout.HEADER_BYTES + start(place);
    boolean copied = false;
    try {
      MemorySegment.copy(source, offset, chunk.base, ValueLayout.JAVA_BYTE, to, size);
      copied = true;
    } catch (InternalError e) {
      throw cutOff(chunk, e);
    } finally {
      if (!copied) {
        cancel(place, size);
      }
    }
    publishCopied(chunk, place, size, millis);
  }

  /** Data is backed, so where it cannot be written its file was cut off: it takes no blobs more. */
  private MappingLostException cutOff(Chunk chunk, InternalError e) {
    head.forget();
    return chunk.lose(e);
  }

  private void publishCopied(Chunk chunk, long place, long size, long millis) {
    Cell cell = cells.holder(place);
    if (cell == null) {
      throw new IllegalStateException("place=" + place + ": is not reserved");
    }
    try {
      publishAs(chunk, start(place), size, millis);
    } catch (InternalError e) {
      throw namespace.lost(e);
    } finally {
      cell.leave();
    }
    Steps.reached("append.left");
  }

  private void publishAs(Chunk chunk, long start, long size, long millis) {
    Steps.reached("append.copied");
    int generation = chunk.generation();
    long shared = expiry.shared(millis);
    boolean isNewer = !chunk.isKnownSince(generation, shared);
    if (isNewer) {
      ChunkLayout.raiseNewest(chunk.base, shared);
      chunk.know(generation, shared);
    }
    Steps.reached("append.raised");
    Records.put(chunk, RecordLayout.LIVE, start, size, generation, millis);
    Steps.reached("append.recorded");
    ChunkLayout.countEntry(chunk.base);
    Steps.reached("append.counted");
    if (isNewer) {
      ChunkLayout.setFirstWrite(chunk.base, millis);
    }
    Steps.reached("append.stamped");
  }

  // ---- in place

  MemorySegment window(long place, long size, Arena arena) {
    Chunk chunk = chunks.at(place);
    long start = start(place);
    views.adopt(chunk);
    Views.checkKnown(chunk);
    Cell cell = cells.holder(place);
    if (cell == null) {
      throw new IllegalStateException("place=" + place + ": is not reserved");
    }
    try {
      chunks.openWindow(chunk);
      Steps.reached("window.marked");
      Records.put(chunk, RecordLayout.PADDING, start, size, chunk.generation(), 0);
      Steps.reached("window.padded");
      cell.leave();
      Steps.reached("window.opened");
      MemorySegment window = chunk.data.alias(ChunkLayout.HEADER_BYTES + start, size, arena);
      return window.fill((byte) 0);
    } catch (InternalError e) {
      throw namespace.lost(e);
    }
  }

  void publish(long place, long size, long millis) {
    Chunk chunk = chunks.at(place);
    // Under a cell again, which tells a process that died with the handle from one that gave it.
    try {
      Cell cell = cells.enter(chunk.id);
      try {
        Cells.hold(cell, chunk.id, start(place), size);
        publishAs(chunk, start(place), size, millis);
      } finally {
        cell.leave();
      }
    } catch (InternalError e) {
      throw namespace.lost(e);
    } finally {
      chunks.closeWindow(chunk);
    }
    Steps.reached("window.left");
  }

  void cancel(long place, long size) {
    Chunk chunk = chunks.at(place);
    Cell cell = cells.holder(place);
    if (cell == null) {
      chunks.closeWindow(chunk);
      return;
    }
    try {
      Records.put(chunk, RecordLayout.PADDING, start(place), size, chunk.generation(), 0);
    } catch (InternalError e) {
      throw namespace.lost(e);
    } finally {
      cell.leave();
    }
  }

  private static long start(long place) {
    return Integer.toUnsignedLong(Codes.offset(place));
  }

  // ---- read

  @Nullable MemorySegment view(int pageId, int offset, int size, int generation, long millis) {
    Chunk chunk = chunks.find(pageId);
    // The view first, the generation after.
    Chunk.View view = chunk == null ? null : chunk.view;
    if (chunk == null || view == null || view.generation() != generation) {
      return null;
    }
    int state = handles.state(chunk, offset, size, generation, millis);
    return state == Codes.LIVE ? view.segment() : null;
  }

  byte @Nullable [] resolve(int pageId, int offset, int size, int generation, long millis) {
    Chunk chunk = chunks.find(pageId);
    if (chunk == null || handles.state(chunk, offset, size, generation, millis) != Codes.LIVE) {
      return null;
    }
    byte[] copy = new byte[size];
    long from = ChunkLayout.HEADER_BYTES + Integer.toUnsignedLong(offset);
    MemorySegment.copy(chunk.base, ValueLayout.JAVA_BYTE, from, copy, 0, size);
    VarHandle.loadLoadFence();
    // An acknowledged blob's bytes stay until the generation changes.
    return chunk.generation() == generation ? copy : null;
  }

  // ---- acknowledge

  /** Acknowledges a blob of a chunk; false when it is not live. */
  boolean acknowledge(Chunk chunk, int offset, int size, int generation, long millis) {
    if (handles.state(chunk, offset, size, generation, millis) != Codes.LIVE) {
      return false;
    }
    long start = Integer.toUnsignedLong(offset);
    long bytes = Integer.toUnsignedLong(size);
    boolean direct =
        bytes >= RecordLayout.LARGE
            && Records.change(
                chunk,
                start,
                bytes,
                generation,
                millis,
                RecordLayout.LIVE,
                RecordLayout.ACKNOWLEDGED);
    return direct ? counted(chunk) : acknowledgeInCell(chunk, start, bytes, generation, millis);
  }

  /** A small blob, or one of the original, whose record is made now. */
  private boolean acknowledgeInCell(
      Chunk chunk, long start, long size, int generation, long millis) {
    Cell cell = cells.enterToRead(chunk.id);
    Steps.reached("acknowledge.entered");
    try {
      if (chunk.generation() != generation || ChunkLayout.has(chunk.base, ChunkLayout.RETIRED)) {
        return false;
      }
      int from = Records.state(chunk, start, size, generation, millis);
      boolean isOpen = from == RecordLayout.LIVE || from == RecordLayout.NONE;
      return isOpen
          && Records.change(chunk, start, size, generation, millis, from, RecordLayout.ACKNOWLEDGED)
          && counted(chunk);
    } finally {
      cell.leave();
    }
  }

  private boolean counted(Chunk chunk) {
    Steps.reached("acknowledge.recorded");
    int acknowledged = ChunkLayout.countAcknowledged(chunk.base, 1);
    Steps.reached("acknowledge.counted");
    if (Integer.compareUnsigned(acknowledged, ChunkLayout.entries(chunk.base)) >= 0) {
      ChunkLayout.setEmptySince(chunk.base, Math.max(1, clock.millis()));
      if (chunk.isSealed() || chunk.id != ControlLayout.writeHead(control)) {
        events.roomMayCome(chunk.capacity);
      }
    }
    return true;
  }
}
