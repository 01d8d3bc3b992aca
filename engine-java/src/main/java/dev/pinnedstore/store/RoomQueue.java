package dev.pinnedstore.store;

import dev.pinnedstore.backend.StorageBackend;
import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Those who wait for room, first come first served.
 *
 * <p>A waiter enters the queue first and looks for room afterwards; whoever empties a page makes it
 * available first and looks into the queue afterwards. So one of the two sees the other and no
 * wake-up is lost. Being woken is a hint: a woken waiter that finds no room queues again, at the
 * end.
 */
final class RoomQueue {
  private record Waiter(long sizeBytes, CompletableFuture<Void> future) {}

  private final StorageBackend backend;
  private final Queue<Waiter> waiters = new ConcurrentLinkedQueue<>();

  RoomQueue(StorageBackend backend) {
    this.backend = backend;
  }

  CompletableFuture<Void> enter(long sizeBytes) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    Waiter waiter = new Waiter(sizeBytes, future);
    waiters.add(waiter);
    if (!backend.hasRoom(sizeBytes)) {
      backend.sealFor(sizeBytes);
    }
    if (backend.hasRoom(sizeBytes)) {
      future.complete(null);
    }
    // Runs at once when it is complete already: a cancelled or served waiter leaves the queue.
    CompletableFuture<Void> _ = future.whenComplete((_, _) -> waiters.remove(waiter));
    return future;
  }

  /** Wakes the first, and as many more as so many bytes may serve. */
  void wake(long bytes) {
    long left = bytes;
    Iterator<Waiter> all = waiters.iterator();
    boolean first = true;
    while (all.hasNext()) {
      Waiter waiter = all.next();
      if (!first && waiter.sizeBytes > left) {
        return;
      }
      if (waiter.future.complete(null)) {
        left -= waiter.sizeBytes;
        first = false;
      }
    }
  }

  /** Wakes those for whom there is room now, a page's worth at a time. */
  void look() {
    Waiter head = waiters.peek();
    if (head == null) {
      return;
    }
    if (!backend.hasRoom(head.sizeBytes)) {
      backend.sealFor(head.sizeBytes);
    }
    if (backend.hasRoom(head.sizeBytes)) {
      wake(backend.pageBytes());
    }
  }

  /** Ends every wait with an exception. */
  void close(RuntimeException reason) {
    for (Waiter waiter : waiters) {
      waiter.future.completeExceptionally(reason);
    }
  }
}
