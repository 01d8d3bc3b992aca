package dev.pinnedstore.benchmarks;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a word costs that two processors change: on one cache line, on two, and by one thread alone.
 * {@code compareAndSet} is a loop that repeats until it succeeds, as reservations are; {@code
 * getAndAdd} always does. The figures go into the model of SCALING.md.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ContentionBenchmark {
  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

  /** Longs between two words that must not share a cache line, nor a pair of them. */
  private static final int APART = 32;

  /** Words that all threads may change. */
  @State(Scope.Benchmark)
  public static class Words {
    final long[] words = new long[4 * APART];
    final AtomicInteger threads = new AtomicInteger();
  }

  /** Which word is the thread's own. */
  @State(Scope.Thread)
  public static class Own {
    private int index = -1;

    int index(Words words) {
      if (index < 0) {
        index = (1 + (words.threads.getAndIncrement() & 1)) * APART;
      }
      return index;
    }
  }

  /** Alone: the instruction itself. */
  @Benchmark
  @Threads(1)
  public long getAndAddAlone(Words words) {
    return (long) WORD.getAndAdd(words.words, APART, 1L);
  }

  /** Two threads, one line. */
  @Benchmark
  @Threads(2)
  public long getAndAddOneLine(Words words) {
    return (long) WORD.getAndAdd(words.words, APART, 1L);
  }

  /** Two threads, a line each. */
  @Benchmark
  @Threads(2)
  public long getAndAddTwoLines(Words words, Own own) {
    return (long) WORD.getAndAdd(words.words, own.index(words), 1L);
  }

  /** Alone: the instruction itself. */
  @Benchmark
  @Threads(1)
  public long compareAndSetAlone(Words words) {
    return add(words.words, APART);
  }

  /** Two threads, one line. */
  @Benchmark
  @Threads(2)
  public long compareAndSetOneLine(Words words) {
    return add(words.words, APART);
  }

  /** Two threads, a line each. */
  @Benchmark
  @Threads(2)
  public long compareAndSetTwoLines(Words words, Own own) {
    return add(words.words, own.index(words));
  }

  private static long add(long[] words, int index) {
    while (true) {
      long seen = (long) WORD.getVolatile(words, index);
      if (WORD.compareAndSet(words, index, seen, seen + 1)) {
        return seen;
      }
    }
  }
}
