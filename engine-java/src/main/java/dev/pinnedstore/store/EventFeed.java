package dev.pinnedstore.store;

import dev.pinnedstore.backend.CoarseClock;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Carries events from the threads on which they happen to the listeners, on the thread that runs
 * cycles.
 *
 * <p>Bounded and lossy: what finds the queue full is dropped and counted, since no writer ever
 * waits for a listener. Without listeners nothing is queued.
 */
final class EventFeed {
  /** Events that wait at most. */
  static final int CAPACITY = 4096;

  /** How often one delivery goes on with what listeners caused meanwhile. */
  private static final int ROUNDS = 8;

  private final CoarseClock clock;
  private final Consumer<Throwable> failures;
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final Queue<StoreEvent> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger queued = new AtomicInteger();
  private final AtomicLong lost = new AtomicLong();
  private final ReentrantLock delivering = new ReentrantLock();

  EventFeed(CoarseClock clock, Consumer<Throwable> failures) {
    this.clock = clock;
    this.failures = failures;
  }

  Registration listen(Consumer<? super StoreEvent> consumer) {
    Listener listener = new Listener(consumer);
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  void offer(StoreEvent.Kind kind, int pageId, long bytes, long nanos) {
    if (listeners.isEmpty()) {
      return;
    }
    if (queued.incrementAndGet() > CAPACITY) {
      queued.decrementAndGet();
      lost.incrementAndGet();
      return;
    }
    queue.add(new StoreEvent(kind, pageId, bytes, nanos, clock.millis()));
  }

  /** Calls the listeners; a listener that throws is reported and the others are called. */
  void deliver() {
    if (delivering.isHeldByCurrentThread() || !delivering.tryLock()) {
      // A listener runs a cycle itself, or another thread delivers: that call takes the rest.
      return;
    }
    try {
      // Listeners may cause events themselves; not for ever, since a cycle has to end.
      for (int round = 0; round < ROUNDS && queued.get() > 0; round++) {
        deliver(queued.get());
      }
    } finally {
      delivering.unlock();
    }
  }

  private void deliver(int count) {
    for (int left = count; left > 0; left--) {
      StoreEvent event = queue.poll();
      if (event == null) {
        return;
      }
      queued.decrementAndGet();
      for (Listener listener : listeners) {
        call(listener, event);
      }
    }
  }

  long lost() {
    return lost.get();
  }

  private void call(Listener listener, StoreEvent event) {
    try {
      listener.consumer.accept(event);
    } catch (RuntimeException | Error e) {
      failures.accept(e);
    }
  }

  /** An identity of its own for each registration, also when a consumer is registered twice. */
  private static final class Listener {
    final Consumer<? super StoreEvent> consumer;

    Listener(Consumer<? super StoreEvent> consumer) {
      this.consumer = consumer;
    }
  }
}
