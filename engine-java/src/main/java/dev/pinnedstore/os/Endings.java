package dev.pinnedstore.os;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Ends operations on virtual threads: that may run code of users, which may wait for another
 * operation, or close the file. On a thread that completes or closes it would wait for itself.
 *
 * <p>One thread ends many, since starting one for each costs a system call where processors are
 * idle. None waits behind one that blocks: before an operation is ended while others are queued, a
 * spare thread is on its way, which takes these. Where no thread can be started, whoever is here
 * ends them: nobody else would, and whoever closes the file would wait for ever.
 */
final class Endings {
  private final Queue<Runnable> queue = new ConcurrentLinkedQueue<>();

  /** Whether a thread was started that has not looked at the queue yet. */
  private final AtomicBoolean spare = new AtomicBoolean();

  /** Runs what it is given on another thread, or throws and has not begun. */
  private final Consumer<Runnable> starter;

  private final Runnable helper = this::help;

  Endings() {
    this(Thread::startVirtualThread);
  }

  Endings(Consumer<Runnable> starter) {
    this.starter = starter;
  }

  void end(AsyncOperation operation, @Nullable Throwable failure) {
    try {
      queue.add(() -> operation.end(failure));
    } catch (OutOfMemoryError e) {
      run(() -> operation.end(failure));
    }
    drainUnlessHelped();
  }

  void abandon(AsyncOperation operation, Throwable failure) {
    try {
      queue.add(() -> operation.abandon(failure));
    } catch (OutOfMemoryError e) {
      run(() -> operation.abandon(failure));
    }
    drainUnlessHelped();
  }

  private void drainUnlessHelped() {
    if (!startSpare()) {
      Runnable ending = queue.poll();
      while (ending != null) {
        run(ending);
        ending = queue.poll();
      }
    }
  }

  /** False if no thread is on its way, and none can be started. */
  private boolean startSpare() {
    // Whoever queued before this sees a spare that has not looked yet, or starts one.
    if (!spare.compareAndSet(false, true)) {
      return true;
    }
    try {
      starter.accept(helper);
      return true;
    } catch (RuntimeException | Error e) {
      spare.set(false);
      return false;
    }
  }

  private void help() {
    spare.set(false);
    Runnable ending = queue.poll();
    while (ending != null) {
      if (!queue.isEmpty()) {
        var _ = startSpare();
      }
      run(ending);
      // What the code of one user left behind is not the next one's.
      var _ = Thread.interrupted();
      ending = queue.poll();
    }
  }

  /** What is thrown becomes what it would on a thread of its own. */
  private static void run(Runnable ending) {
    try {
      ending.run();
    } catch (RuntimeException | Error e) {
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }
}
