package dev.pinnedstore.pool;

import dev.pinnedstore.buffer.IoSlice;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** Memory whose asynchronous writes end when a test says so. */
final class HeldStorage extends CountingStorage {
  /** Each that was begun, also if it has ended. */
  final List<Held> begun = new CopyOnWriteArrayList<>();

  volatile boolean holds;

  /** A write under way. */
  record Held(List<IoSlice> sources, long position, CompletableFuture<Long> result) {
    long page() {
      return position / 4096;
    }
  }

  @Override
  public CompletableFuture<Long> writeAsync(List<IoSlice> sources, long position) {
    if (!holds) {
      return super.writeAsync(sources, position);
    }
    Held held = new Held(sources, position, new CompletableFuture<>());
    begun.add(held);
    return held.result;
  }

  List<Long> begunPages() {
    return begun.stream().map(Held::page).toList();
  }

  /** Ends a write, with the bytes that its memory has now. */
  void end(int index) throws IOException {
    Held held = begun.get(index);
    held.result.complete(write(held.sources, held.position));
  }

  void fail(int index) {
    begun.get(index).result.completeExceptionally(new IOException("No space left on device"));
  }
}
