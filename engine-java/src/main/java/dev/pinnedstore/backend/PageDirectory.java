package dev.pinnedstore.backend;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Leads from a page's id to the page, in two loads.
 *
 * <p>Ids are dense, count from zero and are never taken back; the slot of a page whose memory was
 * given back waits in {@link #takeFree()}'s stack for its next incarnation. Lookups take no lock.
 * An array that is full is replaced by a larger copy under a lock; a reader of the old one misses
 * only pages that were not issued when it started.
 */
final class PageDirectory {
  private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(Page[].class);

  private final int firstGeneration;
  private final PageStack free = new PageStack(this);
  private volatile @Nullable Page[] pages = new @Nullable Page[64];
  private volatile int size;

  /**
   * Creates an empty directory.
   *
   * @param firstGeneration the generation of every slot's first incarnation
   */
  PageDirectory(int firstGeneration) {
    this.firstGeneration = firstGeneration;
  }

  /** The page of an id that may be anything; null when it was never issued. */
  @Nullable Page find(int id) {
    @Nullable Page[] current = pages;
    return id >= 0 && id < current.length ? (@Nullable Page) ELEMENT.getAcquire(current, id) : null;
  }

  /** The page of an id that was issued. */
  Page at(int id) {
    Page page = find(id);
    if (page == null) {
      throw new IllegalStateException("page id=" + id + ": not issued, pages=" + size);
    }
    return page;
  }

  /** A free slot, reused or new, owned by the caller. */
  Page takeFree() {
    Page page = free.pop();
    return page != null ? page : add();
  }

  /** Takes a slot without memory back, unless its generations are used up. */
  void release(Page page) {
    if (!page.isSpent()) {
      free.push(page);
    }
  }

  /** Slots ever issued; every id below is one. */
  int size() {
    return size;
  }

  private synchronized Page add() {
    int id = size;
    @Nullable Page[] current = pages;
    if (id == current.length) {
      current = java.util.Arrays.copyOf(current, id * 2);
    }
    Page page = new Page(id, firstGeneration);
    ELEMENT.setRelease(current, id, page);
    pages = current;
    size = id + 1;
    return page;
  }
}
