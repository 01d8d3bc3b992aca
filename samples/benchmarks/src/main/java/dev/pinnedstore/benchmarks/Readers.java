package dev.pinnedstore.benchmarks;

import dev.pinnedstore.buffer.AlignedBuffer;
import dev.pinnedstore.buffer.DirectFile;
import dev.pinnedstore.buffer.FileOption;
import dev.pinnedstore.buffer.IoSlice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/** Threads that read a file for some seconds; each method returns reads per second. */
final class Readers {
  /** Memory of this size is in one piece, for the device too, where huge pages are on. */
  private static final long HUGE = 2L << 20;

  private Readers() {}

  /** Reads once. */
  @FunctionalInterface
  private interface Read {
    void at(IoSlice frame, long position) throws IOException;
  }

  /** As the JDK does it; in order where the block is large. */
  static double channel(Path path, long bytes, int depth, int seconds, int block) throws Exception {
    OpenOption direct =
        (OpenOption)
            Stream.of(Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants())
                .filter(option -> option.toString().equals("DIRECT"))
                .findAny()
                .orElseThrow();
    try (FileChannel channel = FileChannel.open(path, Set.of(StandardOpenOption.READ, direct));
        AlignedBuffer buffer = AlignedBuffer.shared(Math.max((long) depth * block, HUGE))) {
      return threads(
          buffer,
          bytes,
          block,
          depth,
          seconds,
          Thread.ofPlatform(),
          (frame, position) -> {
            ByteBuffer target = frame.memory().asByteBuffer();
            if (channel.read(target, position) != block) {
              throw new IOException("a short read at " + position);
            }
          });
    }
  }

  static double blocking(Path path, long bytes, int depth, int seconds, Thread.Builder threads)
      throws Exception {
    try (DirectFile file = DirectFile.open(path);
        AlignedBuffer buffer = AlignedBuffer.shared((long) depth * ReadRates.PAGE)) {
      return threads(buffer, bytes, ReadRates.PAGE, depth, seconds, threads, file::readFully);
    }
  }

  static double sequential(Path path, long bytes, int seconds) throws Exception {
    try (DirectFile file = DirectFile.open(path);
        AlignedBuffer buffer = AlignedBuffer.shared(HUGE)) {
      return threads(
          buffer, bytes, ReadRates.LARGE, 1, seconds, Thread.ofPlatform(), file::readFully);
    }
  }

  private static double threads(
      AlignedBuffer buffer,
      long bytes,
      int block,
      int depth,
      int seconds,
      Thread.Builder threads,
      Read read)
      throws Exception {
    LongAdder reads = new LongAdder();
    long blocks = bytes / block;
    boolean inOrder = block == ReadRates.LARGE;
    long start = System.nanoTime();
    long end = start + seconds * 1_000_000_000L;
    List<Thread> crew = new ArrayList<>();
    for (IoSlice frame : buffer.slices(block).subList(0, depth)) {
      crew.add(
          threads.start(
              () -> {
                long next = 0;
                while (System.nanoTime() < end) {
                  long at =
                      inOrder ? next++ % blocks : ThreadLocalRandom.current().nextLong(blocks);
                  try {
                    read.at(frame, at * block);
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                  reads.increment();
                }
              }));
    }
    for (Thread thread : crew) {
      thread.join();
    }
    return reads.sum() * 1e9 / (System.nanoTime() - start);
  }

  /**
   * Keeps a number of operations under way from one thread, which waits for them in their order.
   */
  static double oneThread(Path path, long bytes, int depth, int seconds, FileOption... options)
      throws Exception {
    try (DirectFile file = DirectFile.open(path, options);
        AlignedBuffer buffer = AlignedBuffer.shared((long) depth * ReadRates.PAGE)) {
      List<IoSlice> frames = buffer.slices(ReadRates.PAGE);
      List<CompletableFuture<Long>> under = new ArrayList<>();
      long pages = bytes / ReadRates.PAGE;
      long reads = 0;
      long start = System.nanoTime();
      long end = start + seconds * 1_000_000_000L;
      for (IoSlice frame : frames) {
        under.add(file.readAsync(frame, randomPage(pages)));
      }
      for (int i = 0; System.nanoTime() < end; i = (i + 1) % depth) {
        under.get(i).join();
        reads++;
        under.set(i, file.readAsync(frames.get(i), randomPage(pages)));
      }
      for (CompletableFuture<Long> each : under) {
        each.join();
        reads++;
      }
      return reads * 1e9 / (System.nanoTime() - start);
    }
  }

  private static long randomPage(long pages) {
    return ThreadLocalRandom.current().nextLong(pages) * ReadRates.PAGE;
  }

  /** Keeps a number of operations under way: each one that ends begins the next. */
  static double async(Path path, long bytes, int depth, int seconds, FileOption... options)
      throws Exception {
    try (DirectFile file = DirectFile.open(path, options);
        AlignedBuffer buffer = AlignedBuffer.shared((long) depth * ReadRates.PAGE)) {
      LongAdder reads = new LongAdder();
      CountDownLatch done = new CountDownLatch(depth);
      long start = System.nanoTime();
      long end = start + seconds * 1_000_000_000L;
      for (IoSlice frame : buffer.slices(ReadRates.PAGE)) {
        new Chain(file, frame, bytes / ReadRates.PAGE, end, reads, done).next();
      }
      done.await();
      return reads.sum() * 1e9 / (System.nanoTime() - start);
    }
  }

  /** Operations one after another in one frame. */
  private record Chain(
      DirectFile file,
      IoSlice frame,
      long pages,
      long endNanos,
      LongAdder reads,
      CountDownLatch done) {

    void next() {
      if (System.nanoTime() >= endNanos) {
        done.countDown();
        return;
      }
      file.readAsync(frame, randomPage(pages))
          .whenComplete(
              (read, failure) -> {
                if (failure != null) {
                  throw new IllegalStateException(failure);
                }
                reads.increment();
                next();
              });
    }
  }
}
