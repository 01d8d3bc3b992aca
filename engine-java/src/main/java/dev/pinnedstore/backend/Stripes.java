package dev.pinnedstore.backend;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The pages that take blobs: one for all threads, more of them when threads collide.
 *
 * <p>A thread writes to the stripe that its id selects. All ids select the first one until
 * reservations collide; then the mask widens, one bit at a time, up to a bound. So a single writer
 * packs one page after another, and the memory that stripes hold does not grow with the number of
 * threads. {@link IdleWatch} takes back the stripes that nobody writes to.
 *
 * <p>Whoever seals a page takes it out of its stripe, and nobody else; see {@link Page}.
 */
final class Stripes {
  /** What a stripe without a page holds: sealed for ever, of no id, in no list. */
  static final Page NONE = new Page(-1, 0);

  /** Lost races in one page after which threads spread. */
  private static final int COLLISIONS = 64;

  private final AtomicReferenceArray<Page> active;
  private volatile int mask;

  /**
   * Creates stripes without pages.
   *
   * @param atMost a bound on their number, at least 1
   */
  Stripes(int atMost) {
    this.active = new AtomicReferenceArray<>(Integer.highestOneBit(atMost));
    for (int i = 0; i < active.length(); i++) {
      active.set(i, NONE);
    }
  }

  /** The calling thread's stripe. */
  int ownIndex() {
    return (int) Thread.currentThread().threadId() & mask;
  }

  /** The page in the calling thread's stripe. */
  Page own() {
    return active.get(ownIndex());
  }

  int size() {
    return active.length();
  }

  Page get(int stripe) {
    return active.get(stripe);
  }

  /**
   * The page in a stripe, opened in the place of its installer if that has not come to it.
   *
   * <p>The word is read first, then the stripe, then the word is changed: so it is the word of the
   * incarnation that is in the stripe; see {@link Page}.
   */
  Page opened(int stripe) {
    Page page = active.get(stripe);
    long word = page.reserve;
    if (ReserveLayout.isOpening(word) && active.get(stripe) == page) {
      page.open(word);
    }
    return page;
  }

  /** Puts a page into an empty stripe; false when it is not empty any more. */
  boolean fill(int stripe, Page page) {
    page.stripe = stripe;
    return active.compareAndSet(stripe, NONE, page);
  }

  /**
   * Seals a page by its word, if it is still that, and puts another, or {@link #NONE}, in its
   * place. The caller then calls {@link Page#countSealed}.
   */
  boolean seal(Page page, long word, Page successor) {
    if (!page.seal(word)) {
      return false;
    }
    replaceSealed(page, successor);
    return true;
  }

  /** Puts another page, or {@link #NONE}, in the place of one that the caller has sealed. */
  void replaceSealed(Page page, Page successor) {
    int stripe = page.stripe;
    if (successor != NONE) {
      successor.stripe = stripe;
    }
    if (!active.compareAndSet(stripe, page, successor)) {
      throw new IllegalStateException("page id=" + page.id + ": not in stripe " + stripe);
    }
  }

  /** Notes that a reservation lost a race for this page. Racy on purpose: a hint. */
  void collided(Page page) {
    if (++page.collisions >= COLLISIONS) {
      page.collisions = 0;
      mask = ((mask << 1) | 1) & (active.length() - 1);
    }
  }

  /** Sends all threads to the first stripe again. */
  void gather() {
    if (mask != 0) {
      mask = 0;
    }
  }
}
