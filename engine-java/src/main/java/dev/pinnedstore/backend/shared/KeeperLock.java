package dev.pinnedstore.backend.shared;

import dev.pinnedstore.os.MappingFailedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/** Lets one thread of one process of a namespace keep its chunks; nobody else waits for it. */
final class KeeperLock {
  private static final long PATIENCE_NANOS = 1_000_000_000;
  private static final long PAUSE_NANOS = 100_000;

  private final Namespace namespace;

  /** Between the threads of this store; held around the namespace's. */
  private final ReentrantLock own = new ReentrantLock();

  private volatile boolean shut;

  KeeperLock(Namespace namespace) {
    this.namespace = namespace;
  }

  /** What is done under the lock; answers with a count. */
  interface Work {
    int run() throws IOException, MappingFailedException;
  }

  /** Lets nobody in any more; false while some thread of this store is. */
  boolean shut() {
    if (!own.tryLock()) {
      return false;
    }
    shut = true;
    own.unlock();
    return true;
  }

  /** Enters, at once or, if patient, after a second at the most; false when another keeps. */
  boolean enter(boolean patient) {
    long start = System.nanoTime();
    while (!tryEnter()) {
      if (!patient || shut || System.nanoTime() - start > PATIENCE_NANOS) {
        return false;
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    return true;
  }

  private boolean tryEnter() {
    if (!own.tryLock()) {
      return false;
    }
    boolean entered = false;
    try {
      entered = !shut && namespace.tryLockKeeper();
      return entered;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      if (!entered) {
        own.unlock();
      }
    }
  }

  /** Does the work if the names still lead to this namespace, and leaves. */
  int runAndLeave(Work work) {
    try {
      try {
        return namespace.isCurrent() ? work.run() : 0;
      } catch (MappingFailedException e) {
        // What could not be mapped now is tried in a later cycle.
        return 0;
      } finally {
        namespace.unlockKeeper();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      own.unlock();
    }
  }
}
