package dev.pinnedstore.pool;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongPredicate;

/**
 * The policy with what it works on, under one lock: which pages are resident, which of them were
 * used, and which one leaves. Nothing is read or written under the lock.
 */
final class Replacement {
  private final PoolParts parts;
  private final EvictionPolicy policy;
  private final ReentrantLock lock = new ReentrantLock();
  private final Told told = new Told();

  /** The policies of all pools, as long as anybody has them. */
  private static final List<WeakReference<EvictionPolicy>> TAKEN = new ArrayList<>();

  Replacement(PoolParts parts, EvictionPolicy policy) {
    take(Objects.requireNonNull(policy, "evictionPolicy: the supplier gave none"));
    this.parts = parts;
    this.policy = policy;
    policy.capacity(parts.config.frames());
  }

  private static void take(EvictionPolicy policy) {
    synchronized (TAKEN) {
      TAKEN.removeIf(taken -> taken.refersTo(null));
      if (TAKEN.stream().anyMatch(taken -> taken.refersTo(policy))) {
        throw new IllegalStateException(
            "evictionPolicy=" + policy.name() + ": serves another pool; give a supplier");
      }
      TAKEN.add(new WeakReference<>(policy));
    }
  }

  /**
   * Notes that a page is in a frame; its word is busy. The policy is told with the next search: a
   * page that it does not know cannot leave, so what is noted of the frame is of that page.
   */
  void admit(int frame) {
    if (!parts.accesses.offerLoaded(frame)) {
      lock.lock();
      try {
        parts.accesses.drain(told);
        told.loaded(frame);
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Chooses pages that leave and makes their words busy: nobody can pin them any more. None if
   * frames became free while it waited for its turn.
   *
   * @param victims receives their ids
   * @param cleanOnly whether dirty ones stay
   * @param freeBefore free frames that were too few
   * @return how many there are
   */
  int claim(long[] victims, int most, boolean cleanOnly, int freeBefore) {
    int count = 0;
    boolean done = false;
    lock.lock();
    try {
      if (parts.free.count() <= freeBefore) {
        parts.accesses.drain(told);
        long id = EvictionPolicy.NO_PAGE;
        do {
          id = claimOne(cleanOnly);
          if (id != EvictionPolicy.NO_PAGE) {
            victims[count++] = id;
          }
        } while (count < most && id != EvictionPolicy.NO_PAGE);
      }
      done = true;
      return count;
    } finally {
      lock.unlock();
      if (!done) {
        putBack(victims, count);
      }
    }
  }

  private long claimOne(boolean cleanOnly) {
    Search search = new Search(cleanOnly);
    boolean done = false;
    try {
      long id = policy.evict(search);
      if (id != search.accepted) {
        throw new IllegalStateException(
            "evictionPolicy="
                + policy.name()
                + ": evict returned page "
                + id
                + ", but page "
                + search.accepted
                + " was the one that could go (-1: none)");
      }
      if (id == EvictionPolicy.NO_PAGE) {
        parts.counters.failedEvictions.increment();
      }
      done = true;
      return id;
    } finally {
      if (!done && search.accepted != EvictionPolicy.NO_PAGE) {
        publishReturned(search.accepted);
        // Whether the policy still knows it or not, from now on it does.
        policy.remove(search.accepted);
        policy.load(search.accepted);
      }
    }
  }

  /** Claims one page for a policy, which must then name it. */
  private final class Search implements LongPredicate {
    private final boolean cleanOnly;
    long accepted = EvictionPolicy.NO_PAGE;

    Search(boolean cleanOnly) {
      this.cleanOnly = cleanOnly;
    }

    @Override
    public boolean test(long id) {
      parts.counters.searchedPages.increment();
      if (accepted != EvictionPolicy.NO_PAGE || !tryClaim(id, cleanOnly)) {
        return false;
      }
      accepted = id;
      return true;
    }
  }

  /** Lets claimed pages stay. */
  void putBack(long[] victims, int count) {
    for (int i = 0; i < count; i++) {
      admit(frame(victims[i]));
      publishReturned(victims[i]);
    }
  }

  private int frame(long id) {
    return PageWordLayout.frame(PageWordLayout.get(parts.table.get(id), PageTable.slot(id)));
  }

  private void publishReturned(long id) {
    parts.publish(parts.table.get(id), PageTable.slot(id), id, PageWordLayout::returned);
  }

  /** Tells the policy, under the lock. */
  private final class Told implements AccessLog.Sink {
    @Override
    public void loaded(int frame) {
      policy.load(parts.frames.pageId(frame));
    }

    /** Lets the next use be told, too. */
    @Override
    public void used(int frame) {
      long id = parts.frames.pageId(frame);
      if (id == EvictionPolicy.NO_PAGE) {
        return;
      }
      long[] words = parts.table.find(id);
      if (words != null) {
        // Before the policy knows: a use that comes meanwhile may be told twice, but is not lost.
        PageWordLayout.WORD.getAndBitwiseAnd(words, PageTable.slot(id), ~PageWordLayout.USED);
        policy.hit(id);
      }
    }
  }

  private boolean tryClaim(long id, boolean cleanOnly) {
    long[] words = id < 0 ? null : parts.table.find(id);
    if (words == null) {
      return false;
    }
    int slot = PageTable.slot(id);
    long word = PageWordLayout.get(words, slot);
    int frame = PageWordLayout.frame(word);
    if (PageWordLayout.latch(word) != PageWordLayout.RESIDENT || !mayLeave(id, frame, cleanOnly)) {
      return false;
    }
    long busy = PageWordLayout.withLatch(word, PageWordLayout.BUSY);
    if (!PageWordLayout.cas(words, slot, word, busy)) {
      return false;
    }
    // Looked at again: it may have been written to, or taken to be written, in between. From here
    // on neither can happen, as both need a pin first.
    if (mayLeave(id, frame, cleanOnly)) {
      return true;
    }
    parts.publish(words, slot, id, PageWordLayout::returned);
    return false;
  }

  private boolean mayLeave(long id, int frame, boolean cleanOnly) {
    int flags = parts.frames.flags(frame);
    boolean isDirty = (flags & FrameTable.DIRTY) != 0;
    return (flags & FrameTable.FLUSHING) == 0
        && (parts.file(id).isPoisoned()
            ? !isDirty && !parts.isUnsynced(id, frame)
            : !isDirty || !cleanOnly);
  }
}
