package dev.pinnedstore.pool;

import dev.pinnedstore.buffer.AlignedBuffer;
import dev.pinnedstore.buffer.IoSlice;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.List;

/**
 * The frames: one buffer cut into pages, and 28 bytes of state for each.
 *
 * <p>Page id and LSN belong to whoever holds the latch of the page exclusively or busy. The flags
 * are changed by CAS: {@link #DIRTY} under the exclusive latch, {@link #FLUSHING} by the one
 * writer.
 */
final class FrameTable implements AutoCloseable {
  /** Changed since it was last taken to be written. */
  static final int DIRTY = 1;

  /** On its way to storage: must not be evicted, since storage still has the old bytes. */
  static final int FLUSHING = 2;

  /** Read ahead, and not used yet. */
  static final int AHEAD = 4;

  /** As {@link #AHEAD}, and the first of its window: using it starts the next one. */
  static final int MARKER = 8;

  /** How many these are. */
  private static final int FLAGS = 4;

  /** No epoch of a file: storage has the page for good, as far as it has it. */
  static final int DURABLE = 0;

  /** The recovery LSN of a page that has none. */
  static final long NO_LSN = Long.MAX_VALUE;

  private static final VarHandle INTS = MethodHandles.arrayElementVarHandle(int[].class);
  private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

  final int count;
  final int pageBytes;
  final int shift;

  /** What users see of a page. */
  final int dataBytes;

  private final AlignedBuffer buffer;
  private final List<IoSlice> slices;
  private final MemorySegment writable;
  final MemorySegment readOnly;
  private final long[] pageIds;
  private final long[] lsns;

  /** The LSN of the first change that storage may not have. */
  private final long[] recoveryLsns;

  /** Above the flags: in which epoch of its file a page was last written. */
  private final int[] flags;

  FrameTable(int count, int pageBytes, int trailerBytes) {
    this.count = count;
    this.pageBytes = pageBytes;
    this.shift = Integer.numberOfTrailingZeros(pageBytes);
    this.dataBytes = pageBytes - trailerBytes;
    this.pageIds = new long[count];
    this.lsns = new long[count];
    this.recoveryLsns = new long[count];
    this.flags = new int[count];
    Arrays.fill(pageIds, EvictionPolicy.NO_PAGE);
    Arrays.fill(recoveryLsns, NO_LSN);
    this.buffer = AlignedBuffer.shared((long) count * pageBytes);
    this.slices = buffer.slices(pageBytes);
    this.writable = buffer.segment();
    this.readOnly = writable.asReadOnly();
  }

  MemorySegment data(int frame, boolean write) {
    return (write ? writable : readOnly).asSlice((long) frame * pageBytes, dataBytes);
  }

  /** All of a frame, with what is written behind the data. */
  MemorySegment whole(int frame) {
    return writable.asSlice((long) frame * pageBytes, pageBytes);
  }

  IoSlice slice(int frame) {
    return slices.get(frame);
  }

  long pageId(int frame) {
    return (long) LONGS.getOpaque(pageIds, frame);
  }

  void pageId(int frame, long id) {
    LONGS.setOpaque(pageIds, frame, id);
  }

  long lsn(int frame) {
    return lsns[frame];
  }

  void lsn(int frame, long lsn) {
    lsns[frame] = lsn;
  }

  long recoveryLsn(int frame) {
    return (long) LONGS.getVolatile(recoveryLsns, frame);
  }

  /** Remembers the smallest one. */
  void lowerRecoveryLsn(int frame, long lsn) {
    long seen = recoveryLsn(frame);
    while (lsn < seen && !LONGS.compareAndSet(recoveryLsns, frame, seen, lsn)) {
      seen = recoveryLsn(frame);
    }
  }

  long takeRecoveryLsn(int frame) {
    return (long) LONGS.getAndSet(recoveryLsns, frame, NO_LSN);
  }

  /** Returns the epoch in which a page was last written, {@link #DURABLE} if there is none. */
  int written(int frame) {
    return flags(frame) >>> FLAGS;
  }

  /** Sets it, see {@link PoolFile#epoch()}; as many bits as there is room for. */
  void written(int frame, int epoch) {
    int seen;
    do {
      seen = flags(frame);
    } while (!INTS.compareAndSet(
        flags, frame, seen, (seen & ((1 << FLAGS) - 1)) | (epoch << FLAGS)));
  }

  /** Whether one epoch comes after another; they come round. */
  static boolean isAfter(int epoch, int other) {
    return ((epoch - other) << FLAGS) > 0;
  }

  int flags(int frame) {
    return (int) INTS.getVolatile(flags, frame);
  }

  /** Sets and clears flags; returns those before. */
  int change(int frame, int set, int clear) {
    int seen;
    do {
      seen = flags(frame);
    } while (!INTS.compareAndSet(flags, frame, seen, (seen | set) & ~clear));
    return seen;
  }

  /** Makes a frame nobody's. */
  void clear(int frame) {
    pageId(frame, EvictionPolicy.NO_PAGE);
    lsns[frame] = 0;
    LONGS.setVolatile(recoveryLsns, frame, NO_LSN);
    INTS.setVolatile(flags, frame, 0);
  }

  @Override
  public void close() {
    buffer.close();
  }
}
