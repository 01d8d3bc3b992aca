package dev.pinnedstore.pool;

import dev.pinnedstore.buffer.IoSlice;
import dev.pinnedstore.os.AbandonedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The writes of one batch that are under way, and the first failure of all its steps. */
final class Writes {
  private final LatencyHistogram.Recorder latency;
  private final List<Write> writes = new ArrayList<>();
  private @Nullable Throwable failure;
  private boolean isAbandoned;

  Writes(LatencyHistogram.Recorder latency) {
    this.latency = latency;
  }

  /** A step that may fail. */
  @FunctionalInterface
  interface Step {
    void run() throws IOException;
  }

  private record Write(CompletableFuture<Long> result, long bytes) {}

  /** Does something, unless a step before has failed. */
  void run(Step step) {
    if (failure == null) {
      runAnyway(step);
    }
  }

  private void runAnyway(Step step) {
    try {
      step.run();
    } catch (IOException | RuntimeException | Error e) {
      failure = failure == null ? e : failure;
      isAbandoned |= AbandonedException.isCauseOf(e);
    }
  }

  /** Begins to write, unless a step before has failed. */
  void begin(PageStorage storage, IoSlice pages, long position) {
    run(
        () -> {
          long start = System.nanoTime();
          CompletableFuture<Long> result = storage.writeAsync(List.of(pages), position);
          writes.add(new Write(result, pages.length()));
          var _ = result.whenComplete((bytes, failed) -> latency.add(System.nanoTime() - start));
        });
  }

  /**
   * Waits for all, whatever becomes of one, since they use the memory of the batch. For the last
   * one first: when it has ended most others have, so that this thread is woken a few times and not
   * for each.
   */
  void await() {
    for (Write write : writes.reversed()) {
      runAnyway(() -> checkWhole(PoolParts.await(write.result), write.bytes));
    }
    writes.clear();
  }

  static void checkWhole(long written, long bytes) throws IOException {
    if (written != bytes) {
      throw new IOException(written + " of " + bytes + " bytes were written");
    }
  }

  /** Returns the first failure; null if there was none. */
  @Nullable Throwable failure() {
    return failure;
  }

  /** Whether the system may be at one of them still, although it has ended. */
  boolean isAbandoned() {
    return isAbandoned;
  }

  /** Forgets failures. */
  void reset() {
    failure = null;
    isAbandoned = false;
  }
}
