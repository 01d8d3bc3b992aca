package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.shared.NamespaceRefusedException.Reason;
import dev.pinnedstore.os.LockBytes;
import dev.pinnedstore.os.SharedFileException;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;

/**
 * The lock under which processes join and leave a namespace, one at a time, and the locks of slots,
 * by which they know who is alive.
 */
final class Gate {
  private static final long MOST_NANOS = 10_000_000_000L;
  private static final long PAUSE_NANOS = 1_000_000;

  private Gate() {}

  /** The lock file of a namespace, inside its gate; made now if there is none. */
  static LockBytes enter(Names names) throws NamespaceRefusedException, IOException {
    try {
      return enterFile(names);
    } catch (SharedFileException e) {
      throw NamespaceRefusedException.of(names, e);
    }
  }

  /** The same for who tells apart what is wrong with the file. */
  static LockBytes enterFile(Names names) throws NamespaceRefusedException, IOException {
    while (true) {
      LockBytes lock = LockBytes.open(names.lock());
      boolean inside = false;
      try {
        if (!await(lock)) {
          throw NamespaceRefusedException.of(
              Reason.IN_USE, names, "another process has been joining or leaving for 10 s");
        }
        inside = lock.isCurrent();
        if (inside) {
          return lock;
        }
        lock.unlock(PeersLayout.GATE);
      } finally {
        if (!inside) {
          lock.close();
        }
      }
    }
  }

  /** Waits for the gate; false after ten seconds. */
  static boolean await(LockBytes lock) throws IOException {
    long start = System.nanoTime();
    while (!lock.tryLock(PeersLayout.GATE)) {
      if (System.nanoTime() - start > MOST_NANOS) {
        return false;
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    return true;
  }

  /** Whether any store is alive. */
  static boolean anySlotHeld(LockBytes lock) throws IOException {
    for (int slot = 0; slot < PeersLayout.SLOTS; slot++) {
      if (isHeld(lock, slot)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the store of a slot is alive. */
  static boolean isHeld(LockBytes lock, int slot) throws IOException {
    if (!lock.tryLock(PeersLayout.lockOf(slot))) {
      return true;
    }
    lock.unlock(PeersLayout.lockOf(slot));
    return false;
  }
}
