package dev.pinnedstore.pool;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.pinnedstore.os.Proc;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;

/** Changes pages through a pool with a log, in a JVM of its own, until it is killed. */
final class ChildPool {
  static final int PAGES = 64;
  private static final int FRAMES = 16;
  private static final int SECTOR = 512;
  private static final int RECORD = 2 * Long.BYTES;

  private ChildPool() {}

  /** Arguments: the file and a seed. Says LSNs, up to which all is durable in the file. */
  public static void main(String... args) throws Exception {
    Path path = Path.of(args[0]);
    SplittableRandom random = new SplittableRandom(Long.parseLong(args[1]));
    try (Log log = new Log(logOf(path));
        BufferPool pool = open(path, log)) {
      System.out.println("ready");
      while (true) {
        long id = random.nextInt(PAGES);
        try (PageGuard page = pool.pinExclusive(id)) {
          long lsn = log.append(id);
          fill(page.segment(), lsn);
          page.markDirty(lsn);
        }
        if (random.nextInt(100) == 0) {
          long lsn = log.last();
          pool.flushAll();
          System.out.println(lsn);
        }
      }
    }
  }

  /** Small, so that pages leave all the time, and with a thread that writes all the time. */
  static BufferPool open(Path path, WriteAheadLog log) {
    return BufferPool.builder()
        .file(path)
        .frames(FRAMES)
        .maxFlushBatch(8)
        .flushInterval(Duration.ofMillis(1))
        .wal(log)
        .build();
  }

  static Path logOf(Path path) {
    return path.resolveSibling(path.getFileName() + ".log");
  }

  static void fill(MemorySegment page, long lsn) {
    for (long at = 0; at < page.byteSize(); at += SECTOR) {
      page.set(JAVA_LONG, at, lsn);
    }
  }

  /** Returns the LSN in all parts of a page; -1 if they differ. */
  static long lsnOf(MemorySegment page) {
    long lsn = page.get(JAVA_LONG, 0);
    for (long at = 0; at < page.byteSize(); at += SECTOR) {
      if (page.get(JAVA_LONG, at) != lsn) {
        return -1;
      }
    }
    return lsn;
  }

  /** Starts a child. */
  static Process start(Path path, long seed) throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            Proc.classPathOf(BufferPool.class) + ":" + Proc.classPathOf(ChildPool.class),
            ChildPool.class.getName(),
            path.toString(),
            "" + seed)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /** A log of which page each LSN, 1 and so on, changed. */
  static final class Log implements WriteAheadLog, AutoCloseable {
    private final FileChannel file;
    private final ByteBuffer pending = ByteBuffer.allocate(1 << 20);
    private long last;
    private volatile long flushed;

    Log(Path path) throws IOException {
      file =
          FileChannel.open(
              path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      last = file.size() / RECORD;
      // Half of a record may be behind the last one.
      file.truncate(last * RECORD);
      file.position(last * RECORD);
      flushed = last;
    }

    /** Returns the pages, by LSN less 1. */
    List<Long> pages() throws IOException {
      ByteBuffer all = ByteBuffer.allocate((int) (last * RECORD));
      file.read(all, 0);
      return java.util.stream.LongStream.range(0, last)
          .map(lsn -> all.getLong((int) lsn * RECORD + Long.BYTES))
          .boxed()
          .toList();
    }

    synchronized long append(long page) throws IOException {
      if (pending.remaining() < RECORD) {
        flush(last);
      }
      pending.putLong(++last).putLong(page);
      return last;
    }

    synchronized long last() {
      return last;
    }

    @Override
    public long flushedLsn() {
      return flushed;
    }

    @Override
    public synchronized void flush(long lsn) throws IOException {
      pending.flip();
      while (pending.hasRemaining()) {
        file.write(pending);
      }
      pending.clear();
      file.force(false);
      flushed = last;
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
