package dev.pinnedstore.pool;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Threads of tests, and what they wait for; gives up after a minute. */
final class Awaiting {
  private Awaiting() {}

  static void until(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("it did not happen within a minute");
      }
      Thread.yield();
    }
  }

  /** Something that threads do. */
  @FunctionalInterface
  interface Action {
    void run() throws Exception;
  }

  static void both(Action action) throws Exception {
    all(action, action);
  }

  static void all(Action... actions) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(actions.length);
    try {
      List<Callable<Object>> calls = new ArrayList<>();
      for (Action action : actions) {
        calls.add(
            () -> {
              action.run();
              return true;
            });
      }
      for (Future<Object> each : threads.invokeAll(calls, 5, TimeUnit.MINUTES)) {
        each.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
