package dev.pinnedstore.store.shared;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Calls that start at once, each on a thread of its own. */
final class Race {
  private Race() {}

  /** The results, in the order of the calls; throws what the first of the failed ones threw. */
  static <T> List<T> of(List<Callable<T>> calls) {
    CyclicBarrier start = new CyclicBarrier(calls.size());
    List<FutureTask<T>> tasks =
        calls.stream()
            .map(
                call ->
                    new FutureTask<>(
                        () -> {
                          start.await();
                          return call.call();
                        }))
            .toList();
    tasks.forEach(task -> Thread.ofPlatform().start(task));
    return tasks.stream().map(Race::get).toList();
  }

  private static <T> T get(FutureTask<T> task) {
    try {
      return task.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CompletionException(e);
    } catch (ExecutionException e) {
      throw new CompletionException(e.getCause());
    }
  }
}
