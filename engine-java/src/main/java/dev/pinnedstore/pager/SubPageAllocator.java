package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Cuts pages of a pager into sub-pages of one size. Which are in use is kept in the pager's file,
 * in the same log: it survives a crash as pages do, and is there again when the file is opened. A
 * page whose last sub-page is freed goes back to the pager. What is handed out is the lowest slot
 * of the lowest page that has a free one, of a new page if none has.
 *
 * <p>Safe for threads. Needs no closing; allocators of the same size on one pager are the same.
 */
public final class SubPageAllocator implements DurablePageAllocator<SubPageId> {
  private final Session session;
  private final PagerFile file;
  private final SubPages pages;
  private final int subPageSize;
  private final boolean zeroed;

  /**
   * Makes an allocator, and finds out what is in use already: costs a look at each page that holds
   * sub-pages of this size, the first time.
   *
   * @param pager where the pages come from
   * @param subPageSize size of a sub-page in bytes: a power of two, smaller than the page, at least
   *     a 64th of it
   * @throws IllegalArgumentException if the size is out of its range
   * @throws IllegalStateException if the pager is closed
   */
  public SubPageAllocator(Pager pager, long subPageSize) {
    long pageSize = pager.pageSize();
    if (Long.bitCount(subPageSize) != 1
        || subPageSize >= pageSize
        || subPageSize < pageSize / SlotWord.MAX_SLOTS) {
      throw new IllegalArgumentException(
          "subPageSize="
              + subPageSize
              + ": must be a power of two between "
              + pageSize / SlotWord.MAX_SLOTS
              + " and "
              + pageSize / 2
              + " bytes in pages of "
              + pageSize);
    }
    this.session = pager.session();
    this.file = session.file();
    this.zeroed = session.options().zeroed();
    this.subPageSize = (int) subPageSize;
    this.pages = pager.subPages(Long.numberOfTrailingZeros(pageSize / subPageSize));
  }

  /**
   * Returns the size of a sub-page.
   *
   * @return bytes
   */
  @Override
  public int pageSize() {
    return subPageSize;
  }

  /**
   * Counts the sub-pages in use.
   *
   * @return sub-pages
   * @throws IllegalStateException if the pager is closed
   */
  public long allocatedCount() {
    return session.read(pages::usedCount);
  }

  @Override
  public SubPageId alloc() {
    return alloc(session.durability());
  }

  @Override
  public SubPageId alloc(Durability durability) {
    if (zeroed) {
      return allocBulk(1, durability).getFirst();
    }
    SubPageId id = null;
    long change = 0;
    while (id == null) {
      file.lock();
      try {
        session.beginChange();
        if (!pages.wantsCommit(1)) {
          id = pages.take(pages.hold());
          change = file.changes().end();
        }
      } finally {
        file.unlock();
      }
      if (id == null) {
        file.commitAll();
      }
    }
    session.finish(change, durability);
    return id;
  }

  @Override
  public void free(SubPageId page) {
    free(page, session.durability());
  }

  @Override
  public void free(SubPageId page, Durability durability) {
    long change;
    file.lock();
    try {
      session.beginChange();
      pages.check(page);
      session.endUse(page);
      pages.free(page);
      change = file.changes().end();
    } finally {
      file.unlock();
    }
    session.finish(change, durability);
  }

  @Override
  public List<SubPageId> allocBulk(int count) {
    return allocBulk(count, session.durability());
  }

  @Override
  public List<SubPageId> allocBulk(int count, Durability durability) {
    Session.checkCount(count);
    SubPageId[][] ids = new SubPageId[1][];
    if (zeroed) {
      long[] held = holdZeroed(count);
      session.change(
          durability,
          () -> {
            ids[0] = pages.takeOrRelease(held);
            for (long one : held) {
              pages.syncFirst(one);
            }
          });
    } else {
      session.change(
          durability,
          () -> pages.wantsCommit(count),
          () -> ids[0] = pages.takeOrRelease(pages.hold(count)));
    }
    return List.of(ids[0]);
  }

  /** Holds slots and fills them with zeros, which takes long, without the lock. */
  private long[] holdZeroed(int count) {
    long[][] held = new long[1][];
    session.change(
        Durability.NONE, () -> pages.wantsCommit(count), () -> held[0] = pages.hold(count));
    boolean done = false;
    try {
      for (long one : held[0]) {
        pages.bytes(one).fill((byte) 0);
      }
      done = true;
      return held[0];
    } finally {
      if (!done) {
        session.change(Durability.NONE, () -> pages.release(held[0], count));
      }
    }
  }

  @Override
  public void freeBulk(Collection<? extends SubPageId> ids) {
    freeBulk(ids, session.durability());
  }

  @Override
  public void freeBulk(Collection<? extends SubPageId> ids, Durability durability) {
    session.change(
        durability,
        () -> {
          pages.checkAll(ids);
          ids.forEach(session::endUse);
          ids.forEach(pages::free);
        });
  }

  @Override
  public CompletableFuture<SubPageId> allocAsync() {
    return session.async(() -> alloc(Durability.NONE), id -> free(id, Durability.GROUP));
  }

  @Override
  public CompletableFuture<Void> freeAsync(SubPageId page) {
    return session.async(() -> free(page, Durability.NONE));
  }

  @Override
  public CompletableFuture<List<SubPageId>> allocBulkAsync(int count) {
    return session.async(
        () -> allocBulk(count, Durability.NONE), ids -> freeBulk(ids, Durability.GROUP));
  }

  @Override
  public CompletableFuture<Void> freeBulkAsync(Collection<? extends SubPageId> ids) {
    return session.async(() -> freeBulk(ids, Durability.NONE));
  }

  /**
   * Returns the bytes of a sub-page, in place. No lock, no system call.
   *
   * @param id what names it
   * @return a writable segment
   * @throws InvalidPageException if it is not in use, or of another size
   * @throws PagerCorruptException if the part of the file that tells of it is damaged
   * @throws IllegalStateException if the pager is closed
   */
  public MemorySegment page(SubPageId id) {
    MemorySegment bytes = session.checked() == null ? pages.bytes(id) : null;
    return bytes != null ? bytes : findSlowly(id);
  }

  /** Reads the leaves of the maps if nobody has so far, or refuses. */
  private MemorySegment findSlowly(SubPageId id) {
    return session.read(
        () -> {
          pages.check(id);
          CheckedPages checked = session.checked();
          if (checked != null) {
            return checked.segment(id, id.page(), pages.offset(id), subPageSize);
          }
          return file.extents().page(id.page()).asSlice(pages.offset(id), subPageSize);
        });
  }

  @Override
  public MemorySegment read(SubPageId page) {
    return page(page).asReadOnly();
  }

  @Override
  public void write(SubPageId page, Consumer<? super MemorySegment> writer) {
    writer.accept(page(page));
  }

  @Override
  public Iterable<SubPageId> allocated() {
    return LeafIterator.of(session, PageTable.HAS_SUB_PAGES, pages::addInUse);
  }
}
