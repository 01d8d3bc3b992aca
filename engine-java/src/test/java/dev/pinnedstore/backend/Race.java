package dev.pinnedstore.backend;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Runs a step on several threads that start together. */
final class Race {
  private Race() {}

  /** What one thread does in one round. */
  @FunctionalInterface
  interface Step {
    void run(int thread, int round) throws Exception;
  }

  /** Runs all rounds on all threads; throws what the first failing thread threw. */
  static void run(int threads, int rounds, Step step) {
    CyclicBarrier start = new CyclicBarrier(threads);
    List<Future<?>> results = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      for (int i = 0; i < threads; i++) {
        int thread = i;
        results.add(
            executor.submit(
                () -> {
                  start.await();
                  for (int round = 0; round < rounds; round++) {
                    step.run(thread, round);
                  }
                  return null;
                }));
      }
    }
    for (Future<?> result : results) {
      join(result);
    }
  }

  private static void join(Future<?> result) {
    try {
      result.get();
    } catch (ExecutionException e) {
      throw new AssertionError("a thread failed: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }
}
