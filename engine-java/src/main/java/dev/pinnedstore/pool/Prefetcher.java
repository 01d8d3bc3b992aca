package dev.pinnedstore.pool;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Begins explicit prefetches: in the calling thread, or in threads of its own behind a queue. */
final class Prefetcher implements AutoCloseable {
  private final PoolParts parts;
  private final ReadAhead readAhead;
  private final @Nullable ThreadPoolExecutor threads;

  Prefetcher(PoolParts parts, ReadAhead readAhead) {
    this.parts = parts;
    this.readAhead = readAhead;
    this.threads = parts.config.prefetch() ? threads(parts.config) : null;
  }

  private static ThreadPoolExecutor threads(BufferPoolConfig config) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            config.prefetchThreads(),
            config.prefetchThreads(),
            1,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(config.prefetchQueue()),
            Thread.ofPlatform().daemon().name("pinnedstore-prefetch-", 0).factory());
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  CompletableFuture<Integer> prefetch(long[] ids) {
    long[] sorted = ids.clone();
    Arrays.sort(sorted);
    for (long id : sorted) {
      // Refuses what can be no page's, before anything begins.
      var _ = parts.find(id);
    }
    return run(() -> readRuns(sorted));
  }

  CompletableFuture<Integer> prefetch(long first, int count) {
    var _ = parts.find(first);
    PoolFile file = parts.file(first);
    long number = PageIds.pageNumber(first);
    return run(() -> readAhead.read(file, number, within(file, number, count, most()), false));
  }

  /** Pages of one request at most: it must not take all frames from those who use them. */
  private int most() {
    return Math.max(1, parts.config.frames() / 4);
  }

  private static int within(PoolFile file, long number, int count, int most) {
    return (int) Math.max(0, Math.min(Math.min(count, most), file.pages() - number));
  }

  private CompletableFuture<Integer> readRuns(long[] ids) {
    List<CompletableFuture<Integer>> runs = new ArrayList<>();
    int left = most();
    for (int from = 0; from < ids.length; ) {
      int end = from + 1;
      // One that is named twice is one.
      PoolFile file = parts.file(ids[from]);
      while (end < ids.length && ids[end] - ids[end - 1] <= 1 && parts.file(ids[end]) == file) {
        end++;
      }
      long number = PageIds.pageNumber(ids[from]);
      int count = within(file, number, (int) (ids[end - 1] - ids[from]) + 1, left);
      left -= count;
      runs.add(readAhead.read(file, number, count, false));
      from = end;
    }
    return ReadAhead.sum(runs);
  }

  /** A read that is about to begin. */
  @FunctionalInterface
  private interface Request {
    CompletableFuture<Integer> begin();
  }

  private CompletableFuture<Integer> run(Request request) {
    if (threads == null) {
      return request.begin();
    }
    CompletableFuture<Integer> result = new CompletableFuture<>();
    try {
      threads.execute(() -> begin(request, result));
    } catch (RejectedExecutionException e) {
      // A hint that comes when there are too many is of no use.
      parts.counters.droppedPrefetches.increment();
      result.complete(0);
    }
    return result;
  }

  private static void begin(Request request, CompletableFuture<Integer> result) {
    try {
      var _ =
          request
              .begin()
              .whenComplete(
                  (pages, failure) -> {
                    if (failure == null) {
                      result.complete(pages);
                    } else {
                      result.completeExceptionally(failure);
                    }
                  });
    } catch (RuntimeException | Error e) {
      result.completeExceptionally(e);
    }
  }

  @Override
  public void close() {
    if (threads != null) {
      threads.shutdown();
      List<Runnable> waiting = new ArrayList<>();
      threads.getQueue().drainTo(waiting);
      // Completes their futures, by reading nothing: the pool is closed.
      waiting.forEach(Runnable::run);
      boolean interrupted = false;
      while (!threads.isTerminated()) {
        try {
          interrupted |= !threads.awaitTermination(1, TimeUnit.SECONDS) && interrupted;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
