package dev.pinnedstore.pool;

import dev.pinnedstore.buffer.AlignedBuffer;
import dev.pinnedstore.buffer.IoSlice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Pages of one file on their way to storage: copies, in the order of their numbers, behind room for
 * the header of the double-write area. One user at a time.
 */
final class WriteBatch implements AutoCloseable {
  private final PoolParts parts;
  private final int pageBytes;
  private final int most;
  private final int headerBytes;
  private final AlignedBuffer buffer;
  private final long[] ids;
  private final int[] frames;
  private final long[] lsns;
  private final long[] recoveryLsns;
  private int count;
  private PoolFile file;

  WriteBatch(PoolParts parts) {
    this.parts = parts;
    this.pageBytes = parts.config.pageSize();
    this.most = parts.config.maxFlushBatch();
    this.headerBytes = DoubleWriteLayout.headerBytes(most, pageBytes);
    this.buffer = AlignedBuffer.shared(headerBytes + (long) most * pageBytes);
    this.ids = new long[most];
    this.frames = new int[most];
    this.lsns = new long[most];
    this.recoveryLsns = new long[most];
    this.file = parts.files.getFirst();
  }

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
   * Writes all that the log allows. Whatever is not written when it throws is dirty again.
   *
   * @throws LogNotDurableException if the log kept some back; the others are written
   * @throws PageIoException if storage refuses
   */
  void write() {
    LogNotDurableException kept;
    try {
      kept = keepBackWhatTheLogDoesNotHave();
    } catch (RuntimeException e) {
      throw parts.failure("cannot ask the log", e);
    }
    if (count > 0) {
      long start = System.nanoTime();
      PoolEvents.PagesWritten event = new PoolEvents.PagesWritten();
      event.begin();
      try {
        file.checkUsable();
        file.mend();
        writeArea();
        file.isTorn = file.area != null;
        writePlaces();
        file.isTorn = false;
      } catch (IOException | RuntimeException e) {
        throw parts.failure(
            "cannot write page(s) " + Arrays.toString(Arrays.copyOf(ids, count)), e);
      }
      parts.counters.ioWaitNanos.add(System.nanoTime() - start);
      parts.counters.pageWrites.add(count);
      event.end(ids[0], count, pageBytes);
      for (int i = 0; i < count; i++) {
        parts.frames.change(frames[i], 0, FrameTable.FLUSHING);
      }
      count = 0;
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

  /** Written and durable before any page is written to its place. */
  private void writeArea() throws IOException {
    PageStorage area = file.area;
    if (area == null) {
      return;
    }
    int bytes = DoubleWriteLayout.headerBytes(count, pageBytes);
    MemorySegment header = buffer.segment().asSlice(headerBytes - bytes, bytes);
    for (int i = 0; i < count; i++) {
      DoubleWriteLayout.writeEntry(header, i, PageIds.pageNumber(ids[i]), page(i));
    }
    DoubleWriteLayout.seal(header, count, pageBytes);
    IoSlice all = buffer.slice().slice(headerBytes - bytes, bytes + (long) count * pageBytes);
    checkWhole(area.write(List.of(all), 0), all.length());
    file.sync(area);
  }

  private static void checkWhole(long written, long bytes) throws IOException {
    if (written != bytes) {
      throw new IOException(written + " of " + bytes + " bytes were written");
    }
  }

  private void writePlaces() throws IOException {
    List<Write> writes = new ArrayList<>();
    Failure failure = new Failure();
    for (int from = 0; from < count; ) {
      int end = from + 1;
      while (end < count && ids[end] == ids[end - 1] + 1) {
        end++;
      }
      IoSlice pages = slice(from, end - from);
      long position = file.position(PageIds.pageNumber(ids[from]));
      failure.run(() -> writes.add(begin(pages, position)));
      from = end;
    }
    for (Write write : writes) {
      // All of them, whatever becomes of one, since they use the buffer.
      failure.run(() -> checkWhole(PoolParts.await(write.result), write.bytes));
    }
    failure.throwIfAny();
    if (file.area != null) {
      // Before the area holds another batch.
      file.sync(file.storage);
    }
  }

  /** A write under way. */
  private record Write(CompletableFuture<Long> result, long bytes) {}

  private Write begin(IoSlice pages, long position) {
    long start = System.nanoTime();
    CompletableFuture<Long> result = file.storage.writeAsync(List.of(pages), position);
    var _ =
        result.whenComplete(
            (bytes, failure) -> parts.counters.writeLatency.add(System.nanoTime() - start));
    return new Write(result, pages.length());
  }

  /** The first of several. */
  private static final class Failure {
    private @Nullable Throwable first;

    /** A step that may fail. */
    @FunctionalInterface
    interface Step {
      void run() throws IOException;
    }

    void run(Step step) {
      try {
        step.run();
      } catch (IOException | RuntimeException | Error e) {
        first = first == null ? e : first;
      }
    }

    void throwIfAny() throws IOException {
      switch (first) {
        case IOException e -> throw e;
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case null, default -> {}
      }
    }
  }

  /** Makes dirty again what was not written. */
  void end() {
    for (int i = 0; i < count; i++) {
      giveBack(i);
    }
    count = 0;
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
