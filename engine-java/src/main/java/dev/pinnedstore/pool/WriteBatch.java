package dev.pinnedstore.pool;

import dev.pinnedstore.buffer.AlignedBuffer;
import dev.pinnedstore.buffer.IoSlice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pages of one file on their way to storage: copies, in the order of their numbers, behind room for
 * the header of the double-write area. Is filled, started and finished; one user at a time.
 */
final class WriteBatch implements AutoCloseable {
  private final PoolParts parts;
  private final int pageBytes;
  private final int most;
  private final int headerBytes;
  private AlignedBuffer buffer;
  private final long[] ids;
  private final int[] frames;
  private final long[] lsns;
  private final long[] recoveryLsns;
  private int count;
  private PoolFile file;

  // Of a batch that was started.

  private final Writes writes;
  private boolean isStarted;
  private long waitNanos;
  private PoolEvents.PagesWritten event = new PoolEvents.PagesWritten();

  WriteBatch(PoolParts parts) {
    this.parts = parts;
    this.pageBytes = parts.config.pageSize();
    this.most = parts.config.maxFlushBatch();
    this.headerBytes = DoubleWriteLayout.headerBytes(most, pageBytes);
    this.buffer = newBuffer();
    this.ids = new long[most];
    this.frames = new int[most];
    this.lsns = new long[most];
    this.recoveryLsns = new long[most];
    this.file = parts.files.getFirst();
    this.writes = new Writes(parts.counters.writeLatency);
  }

  private AlignedBuffer newBuffer() {
    return AlignedBuffer.shared(headerBytes + (long) most * pageBytes);
  }

  /** Begins to be filled; after it was finished. */
  void begin(PoolFile of) {
    file = of;
    count = 0;
  }

  boolean isFull() {
    return count == most;
  }

  boolean isEmpty() {
    return count == 0;
  }

  boolean isOf(long id) {
    return PageIds.file(id) == file.number;
  }

  /** Whether no other may be under way when it is started: the area holds one batch. */
  boolean isAlone() {
    return file.area != null;
  }

  /** Takes a copy of a page that cannot change now, unless it is clean. */
  void add(long id, int frame) {
    FrameTable table = parts.frames;
    int before = table.change(frame, FrameTable.FLUSHING, FrameTable.DIRTY);
    if ((before & FrameTable.DIRTY) == 0) {
      table.change(frame, 0, FrameTable.FLUSHING);
      return;
    }
    parts.counters.dirtyFrames.decrementAndGet();
    ids[count] = id;
    frames[count] = frame;
    lsns[count] = table.lsn(frame);
    recoveryLsns[count] = table.takeRecoveryLsn(frame);
    MemorySegment copy = page(count++);
    copy.copyFrom(table.whole(frame));
    if (parts.config.checksums()) {
      PageTrailerLayout.seal(copy, PageIds.pageNumber(id), table.lsn(frame));
    }
  }

  private MemorySegment page(int index) {
    return buffer.segment().asSlice(headerBytes + (long) index * pageBytes, pageBytes);
  }

  private IoSlice slice(int from, int pages) {
    return buffer.slice().slice(headerBytes + (long) from * pageBytes, (long) pages * pageBytes);
  }

  /**
   * Begins to write all that the log allows; {@link #finish} is to follow in any case, and tells
   * what storage refuses.
   *
   * @throws LogNotDurableException if the log kept some back; the others are on their way
   * @throws PageIoException if the log could not be asked; none is on its way
   */
  void start() {
    LogNotDurableException kept;
    try {
      kept = keepBackWhatTheLogDoesNotHave();
    } catch (RuntimeException e) {
      throw parts.failure("cannot ask the log", e);
    }
    if (count > 0) {
      isStarted = true;
      long start = System.nanoTime();
      event = new PoolEvents.PagesWritten();
      event.begin();
      writes.run(this::prepare);
      beginWrites();
      waitNanos = System.nanoTime() - start;
    }
    if (kept != null) {
      throw kept;
    }
  }

  private @Nullable LogNotDurableException keepBackWhatTheLogDoesNotHave() {
    WriteAheadLog wal = parts.wal;
    long newest = 0;
    for (int i = 0; i < count; i++) {
      newest = Math.max(newest, lsns[i]);
    }
    if (wal == null || count == 0 || wal.flushedLsn() >= newest) {
      return null;
    }
    Exception cause = null;
    try {
      wal.flush(newest);
    } catch (IOException | RuntimeException e) {
      cause = e;
    }
    long flushed = wal.flushedLsn();
    LogNotDurableException refusal = null;
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (lsns[i] > flushed) {
        LogNotDurableException next = new LogNotDurableException(ids[i], lsns[i], flushed, cause);
        if (refusal == null) {
          refusal = next;
        } else {
          refusal.addSuppressed(next);
        }
        giveBack(i);
      } else {
        move(i, kept++);
      }
    }
    count = kept;
    return refusal;
  }

  private void move(int from, int to) {
    if (from != to) {
      ids[to] = ids[from];
      frames[to] = frames[from];
      lsns[to] = lsns[from];
      recoveryLsns[to] = recoveryLsns[from];
      page(to).copyFrom(page(from));
    }
  }

  private void prepare() throws IOException {
    file.checkUsable();
    file.mend();
    PageStorage area = file.area;
    if (area != null) {
      writeArea(area);
      file.isTorn = true;
    }
  }

  /** Written and durable before any page is written to its place. */
  private void writeArea(PageStorage area) throws IOException {
    int bytes = DoubleWriteLayout.headerBytes(count, pageBytes);
    MemorySegment header = buffer.segment().asSlice(headerBytes - bytes, bytes);
    for (int i = 0; i < count; i++) {
      DoubleWriteLayout.writeEntry(header, i, PageIds.pageNumber(ids[i]), page(i));
    }
    DoubleWriteLayout.seal(header, count, pageBytes);
    IoSlice all = buffer.slice().slice(headerBytes - bytes, bytes + (long) count * pageBytes);
    Writes.checkWhole(area.write(List.of(all), 0), all.length());
    file.sync(area);
  }

  private void beginWrites() {
    for (int from = 0; from < count; ) {
      int end = from + 1;
      while (end < count && ids[end] == ids[end - 1] + 1) {
        end++;
      }
      IoSlice pages = slice(from, end - from);
      long position = file.position(PageIds.pageNumber(ids[from]));
      writes.begin(file.storage, pages, position);
      from = end;
    }
  }

  /**
   * Waits until what was started has ended. Whatever is not written is dirty again. Does nothing
   * without pages.
   *
   * @throws PageIoException if storage refuses
   */
  void finish() {
    try {
      if (isStarted) {
        isStarted = false;
        finishWrites();
      }
    } finally {
      for (int i = 0; i < count; i++) {
        giveBack(i);
      }
      count = 0;
      writes.reset();
    }
  }

  private void finishWrites() {
    long start = System.nanoTime();
    writes.await();
    if (writes.isAbandoned()) {
      leaveBuffer();
    }
    if (file.area != null) {
      // Before the area holds another batch.
      writes.run(() -> file.sync(file.storage));
    }
    parts.counters.ioWaitNanos.add(waitNanos + System.nanoTime() - start);
    throwFailure();
    file.isTorn = false;
    parts.counters.pageWrites.add(count);
    event.end(ids[0], count, pageBytes);
    int epoch = file.area == null ? file.epoch() : FrameTable.DURABLE;
    for (int i = 0; i < count; i++) {
      parts.frames.written(frames[i], epoch);
      parts.frames.change(frames[i], 0, FrameTable.FLUSHING);
    }
    count = 0;
  }

  private void throwFailure() {
    switch (writes.failure()) {
      case IOException e -> throw cannotWrite(e);
      case RuntimeException e -> throw cannotWrite(e);
      case Error e -> throw e;
      case null, default -> {}
    }
  }

  private RuntimeException cannotWrite(Exception cause) {
    return parts.failure(
        "cannot write page(s) " + Arrays.toString(Arrays.copyOf(ids, count)), cause);
  }

  /**
   * The system may use the buffer still, and write what it holds over whatever is written later: so
   * neither is used any more. What holds the buffer keeps its memory.
   */
  private void leaveBuffer() {
    file.poison(new IOException("a write was given up", writes.failure()));
    AlignedBuffer left = buffer;
    buffer = newBuffer();
    left.close();
  }

  private void giveBack(int index) {
    FrameTable table = parts.frames;
    table.lowerRecoveryLsn(frames[index], recoveryLsns[index]);
    int before = table.change(frames[index], FrameTable.DIRTY, FrameTable.FLUSHING);
    if ((before & FrameTable.DIRTY) == 0) {
      parts.counters.dirtyFrames.incrementAndGet();
    }
  }

  @Override
  public void close() {
    buffer.close();
  }
}
