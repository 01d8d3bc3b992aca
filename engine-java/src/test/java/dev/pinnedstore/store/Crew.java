package dev.pinnedstore.store;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Threads that begin at the same moment, each with a number. */
final class Crew {
  /** What one of the threads does. */
  interface Task {
    void run(int number) throws Exception;
  }

  private Crew() {}

  /** Runs a task on so many threads and fails as soon as one of them fails, or if one hangs. */
  static void run(int threads, Task task) {
    run(threads, Waiting.LONGEST, task);
  }

  /** The same for tasks that take long. */
  static void run(int threads, Duration longest, Task task) {
    CyclicBarrier start = new CyclicBarrier(threads);
    BlockingQueue<FutureTask<Void>> ended = new LinkedBlockingQueue<>();
    List<FutureTask<Void>> running = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int number = t;
      running.add(
          new FutureTask<>(
              () -> {
                start.await();
                task.run(number);
                return null;
              }) {
            @Override
            protected void done() {
              ended.add(this);
            }
          });
    }
    running.forEach(thread -> Thread.ofPlatform().daemon().start(thread));
    try {
      for (int t = 0; t < threads; t++) {
        FutureTask<Void> thread = ended.poll(longest.toSeconds(), TimeUnit.SECONDS);
        if (thread == null) {
          throw new AssertionError("a thread did not end within " + longest);
        }
        thread.get();
      }
    } catch (ExecutionException e) {
      throw new AssertionError("a thread failed: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    } finally {
      // The others may wait for the one that failed.
      running.forEach(thread -> thread.cancel(true));
    }
  }
}
