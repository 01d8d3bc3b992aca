package dev.pinnedstore.pager;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Commits what nobody waits for: changes of {@link Durability#GROUP}, after an interval, and those
 * of asynchronous calls, which it also makes, at once. What arrives during a commit shares the next
 * one. A daemon thread, started when it is first needed.
 */
final class CommitThread {
  private static final Logger LOGGER = System.getLogger("dev.pinnedstore");

  private final PagerFile file;
  private final long intervalNanos;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wake = lock.newCondition();
  private List<Task<?>> tasks = new ArrayList<>();
  private @Nullable Thread thread;
  private boolean closed;

  /** Whether changes wait for the interval. Written under the lock. */
  private volatile boolean groupOpen;

  CommitThread(PagerFile file, Duration interval) {
    this.file = file;
    this.intervalNanos = interval.toNanos();
  }

  /** A call to be made, and its outcome. */
  private static final class Task<T> {
    private final Supplier<T> call;
    private final Consumer<? super T> undo;
    private final CompletableFuture<T> future = new CompletableFuture<>();
    private Runnable complete = () -> {};

    Task(Supplier<T> call, Consumer<? super T> undo) {
      this.call = call;
      this.undo = undo;
    }

    /** Makes the call, unless it was cancelled; its outcome is told later. */
    void run() {
      if (future.isDone()) {
        return;
      }
      try {
        T result = call.get();
        complete = () -> tell(result);
      } catch (RuntimeException | Error e) {
        complete = () -> future.completeExceptionally(e);
      }
    }

    /** Tells the outcome. What others hang onto the future cannot throw through it. */
    private void tell(T result) {
      if (future.complete(result)) {
        return;
      }
      try {
        undo.accept(result);
      } catch (RuntimeException e) {
        // Whoever cancelled is not to be told, and the others of the batch must be.
        LOGGER.log(Level.WARNING, "what a cancelled call allocated stays allocated", e);
      }
    }
  }

  /** Sees to it that a change made before this call is committed within the interval. */
  void expectCommit() {
    // Seen open, the commit that closes it is still to come, and takes the change along.
    if (!groupOpen) {
      lock.lock();
      try {
        groupOpen = true;
        wakeUp();
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Makes a call on the thread; the future completes when its change is durable.
   *
   * @param undo is given the result if nobody will see it: the future was cancelled meanwhile
   */
  <T> CompletableFuture<T> submit(Supplier<T> call, Consumer<? super T> undo) {
    Task<T> task = new Task<>(call, undo);
    lock.lock();
    try {
      if (closed) {
        throw Session.closed();
      }
      tasks.add(task);
      wakeUp();
    } finally {
      lock.unlock();
    }
    return task.future;
  }

  private void wakeUp() {
    if (thread == null && !closed) {
      thread =
          Thread.ofPlatform()
              .daemon()
              .name("pinnedstore-pager")
              .inheritInheritableThreadLocals(false)
              .start(this::run);
    }
    wake.signal();
  }

  private void run() {
    while (true) {
      List<Task<?>> batch = next();
      if (batch == null) {
        return;
      }
      batch.forEach(Task::run);
      try {
        file.commitAll();
      } catch (RuntimeException | Error e) {
        // The pager has stopped; whoever calls it next is told so as well.
        batch.forEach(task -> task.future.completeExceptionally(e));
        continue;
      }
      batch.forEach(task -> task.complete.run());
    }
  }

  /** Waits for something to do; null once closed and done. */
  private @Nullable List<Task<?>> next() {
    lock.lock();
    try {
      while (tasks.isEmpty() && !groupOpen && !closed) {
        wake.awaitUninterruptibly();
      }
      long left = intervalNanos;
      while (tasks.isEmpty() && groupOpen && !closed && left > 0) {
        try {
          left = wake.awaitNanos(left);
        } catch (InterruptedException e) {
          // Nobody has this thread to interrupt it; then the group is committed at once.
          left = 0;
        }
      }
      if (tasks.isEmpty() && !groupOpen) {
        return null;
      }
      groupOpen = false;
      List<Task<?>> batch = tasks;
      tasks = new ArrayList<>();
      return batch;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the thread after what was submitted so far, and waits for it. */
  void close() {
    Thread running;
    lock.lock();
    try {
      closed = true;
      wake.signal();
      running = thread;
    } finally {
      lock.unlock();
    }
    if (running == null || running.equals(Thread.currentThread())) {
      return;
    }
    boolean interrupted = false;
    while (running.isAlive()) {
      try {
        running.join(TimeUnit.DAYS.toMillis(1));
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
