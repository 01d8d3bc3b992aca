package dev.pinnedstore.pool;

/** Takes and gives back latches of pages that are in a frame; waits where it has to. */
final class PageLatches {
  private final PoolParts parts;

  PageLatches(PoolParts parts) {
    this.parts = parts;
  }

  /**
   * Pins a page shared if that can be done at once.
   *
   * @return the word as it was: if it could be pinned, it is pinned once more now
   */
  long tryPin(long[] words, int slot) {
    while (true) {
      long word = PageWordLayout.get(words, slot);
      if (!PageWordLayout.canPin(word) || PageWordLayout.cas(words, slot, word, word + 1)) {
        return word;
      }
    }
  }

  void unpin(long id, long[] words, int slot) {
    long before = PageWordLayout.add(words, slot, -1);
    if (!PageWordLayout.isPinned(before)) {
      putBack(words, slot, before);
      throw notPinned(id);
    }
    if ((before & PageWordLayout.WAIT) != 0) {
      parts.waits.wake(words, slot, id);
    }
  }

  /** Undoes an unpin of a page that was not pinned, unless somebody made something of the word. */
  private static void putBack(long[] words, int slot, long before) {
    long wrong = before - 1;
    long flags = PageWordLayout.WAIT | PageWordLayout.USED;
    long seen = PageWordLayout.get(words, slot);
    while (((seen ^ wrong) & ~flags) == 0 && !PageWordLayout.cas(words, slot, seen, seen + 1)) {
      seen = PageWordLayout.get(words, slot);
    }
  }

  private static IllegalStateException notPinned(long id) {
    return new IllegalStateException(
        "page " + id + " is not pinned: two threads closed one guard at the same time");
  }

  /** Gives an exclusive latch back. */
  void release(long id, long[] words, int slot) {
    long word;
    do {
      word = PageWordLayout.get(words, slot);
      if (PageWordLayout.latch(word) != PageWordLayout.EXCLUSIVE) {
        throw notPinned(id);
      }
    } while (!PageWordLayout.cas(
        words, slot, word, PageWordLayout.withLatch(word, PageWordLayout.RESIDENT)));
    if ((word & PageWordLayout.WAIT) != 0) {
      parts.waits.wake(words, slot, id);
    }
  }

  boolean isExclusive(long id) {
    return PageWordLayout.latch(word(id)) == PageWordLayout.EXCLUSIVE;
  }

  /** Whether a page is in no frame, or can be pinned. */
  boolean isPinnable(long id) {
    return isPinnableOrAbsent(word(id));
  }

  private static boolean isPinnableOrAbsent(long word) {
    return PageWordLayout.canPin(word) || PageWordLayout.latch(word) == PageWordLayout.ABSENT;
  }

  private long word(long id) {
    return PageWordLayout.get(parts.table.get(id), PageTable.slot(id));
  }

  /** Waits until a page is in no frame, or can be pinned, at some moment. */
  void awaitPinnable(long id, long deadline) {
    long[] words = parts.table.get(id);
    int slot = PageTable.slot(id);
    long word = PageWordLayout.get(words, slot);
    while (!isPinnableOrAbsent(word)) {
      await(words, slot, id, word, deadline, "shared pin");
      word = PageWordLayout.get(words, slot);
    }
  }

  /** Waits until nobody holds a page exclusively, at some moment. */
  void awaitNotExclusive(long id, long deadline) {
    long[] words = parts.table.get(id);
    int slot = PageTable.slot(id);
    long word = PageWordLayout.get(words, slot);
    while (PageWordLayout.latch(word) == PageWordLayout.EXCLUSIVE) {
      await(words, slot, id, word, deadline, "shared pin");
      word = PageWordLayout.get(words, slot);
    }
  }

  /** Waits until a page is not on its way in or out, also while the pool is being closed. */
  void awaitSettled(long id, long deadline) {
    long[] words = parts.table.get(id);
    int slot = PageTable.slot(id);
    long word = PageWordLayout.get(words, slot);
    while (PageWordLayout.latch(word) == PageWordLayout.BUSY) {
      awaitChange(words, slot, id, word, deadline, "write");
      word = PageWordLayout.get(words, slot);
    }
  }

  /** Waits until the word of a page changes. */
  void await(long[] words, int slot, long id, long word, long deadline, String wanted) {
    checkOpen();
    awaitChange(words, slot, id, word, deadline, wanted);
    checkOpen();
  }

  private void checkOpen() {
    if (parts.closed) {
      throw new BufferPoolClosedException();
    }
  }

  private void awaitChange(
      long[] words, int slot, long id, long word, long deadline, String wanted) {
    long left = deadline - System.nanoTime();
    if (left <= 0) {
      throw new LatchTimeoutException(
          id, wanted, parts.config.latchTimeout().toMillis(), parts.openGuards());
    }
    PoolEvents.LatchWait event = new PoolEvents.LatchWait();
    event.begin();
    parts.waits.await(words, slot, id, word, left);
    event.end(id, 1, parts.config.pageSize());
  }
}
