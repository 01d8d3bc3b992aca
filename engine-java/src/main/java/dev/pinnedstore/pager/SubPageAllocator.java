package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/**
 * Cuts pages of a pager into sub-pages of one size. Which are in use is kept in the pager's file,
 * in the same log: it survives a crash as pages do, and is there again when the file is opened. A
 * page whose last sub-page is freed goes back to the pager.
 *
 * <p>Safe for threads. Needs no closing; allocators of the same size on one pager are the same.
 */
public final class SubPageAllocator implements BulkPageAllocator<SubPageId> {
  private final Pager pager;
  private final SubPages pages;
  private final int subPageSize;

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
    this.pager = pager;
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
    return pager.read(pages::usedCount);
  }

  /**
   * Hands out a sub-page, as durable as the pager's options say.
   *
   * @return what names it
   * @throws PagerFullException if the file system has no room for another page
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  @Override
  public SubPageId alloc() {
    return alloc(pager.options().durability());
  }

  /**
   * Hands out a sub-page: the lowest slot of the lowest page that has a free one, of a new page if
   * none has.
   *
   * @param durability when a crash cannot undo it any more
   * @return what names it
   * @throws PagerFullException if the file system has no room for another page
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public SubPageId alloc(Durability durability) {
    PagerFile file = pager.file();
    SubPageId id = null;
    long change = 0;
    while (id == null) {
      file.lock();
      try {
        pager.checkChangeable();
        if (!pages.wantsCommit(1)) {
          id = pages.take();
          change = file.changed();
        }
      } finally {
        file.unlock();
      }
      if (id == null) {
        file.commitAll();
      }
    }
    pager.finish(change, durability);
    return id;
  }

  /**
   * Takes a sub-page back, as durably as the pager's options say.
   *
   * @param page what names it
   * @throws InvalidPageException if it is not in use, or of another size
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  @Override
  public void free(SubPageId page) {
    free(page, pager.options().durability());
  }

  /**
   * Takes a sub-page back. Its slot is used again once this is durable.
   *
   * @param page what names it
   * @param durability when a crash cannot undo it any more
   * @throws InvalidPageException if it is not in use, or of another size
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public void free(SubPageId page, Durability durability) {
    pager.change(
        durability,
        () -> {
          pages.check(page);
          pages.free(page);
        });
  }

  @Override
  public List<SubPageId> allocBulk(int count) {
    return allocBulk(count, pager.options().durability());
  }

  /**
   * Hands out sub-pages in one change.
   *
   * @param count how many, 0 or more
   * @param durability when a crash cannot undo it any more
   * @return what names them, unmodifiable
   * @throws PagerFullException if there is not room for all; nothing has changed then
   * @throws PagerIoException if the file system fails
   * @throws IllegalArgumentException if the count is negative
   * @throws IllegalStateException if the pager is closed
   */
  public List<SubPageId> allocBulk(int count, Durability durability) {
    Pager.checkCount(count);
    List<SubPageId> taken = new ArrayList<>(count);
    if (pager.read(() -> pages.wantsCommit(count))) {
      pager.flush();
    }
    pager.change(
        durability,
        () -> {
          pages.reserve(count);
          try {
            while (taken.size() < count) {
              taken.add(pages.take());
            }
          } catch (PagerException e) {
            taken.forEach(pages::giveBack);
            throw e;
          }
        });
    return List.copyOf(taken);
  }

  @Override
  public void freeBulk(Collection<? extends SubPageId> ids) {
    freeBulk(ids, pager.options().durability());
  }

  /**
   * Takes sub-pages back in one change.
   *
   * @param ids what names them
   * @param durability when a crash cannot undo it any more
   * @throws InvalidPageException if one of them is not in use, or named twice; nothing has changed
   *     then
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public void freeBulk(Collection<? extends SubPageId> ids, Durability durability) {
    pager.change(
        durability,
        () -> {
          pages.checkAll(ids);
          ids.forEach(pages::free);
        });
  }

  /**
   * Returns the bytes of a sub-page, in place. No lock, no system call.
   *
   * @param id what names it
   * @return a writable segment
   * @throws InvalidPageException if it is not in use, or of another size
   * @throws IllegalStateException if the pager is closed
   */
  public MemorySegment page(SubPageId id) {
    MemorySegment bytes = pages.bytes(id);
    return bytes != null ? bytes : findSlowly(id);
  }

  /** Reads the leaves of the maps if nobody has so far, or refuses. */
  private MemorySegment findSlowly(SubPageId id) {
    return pager.read(
        () -> {
          pages.check(id);
          MemorySegment bytes = pages.bytes(id);
          if (bytes == null) {
            throw new IllegalStateException(id + ": checked and not found");
          }
          return bytes;
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
    Iterable<List<SubPageId>> byPage = pager.iterable(PageTable.HAS_SUB_PAGES, pages::inUse);
    return () ->
        new Iterator<>() {
          private final Iterator<List<SubPageId>> lists = byPage.iterator();
          private Iterator<SubPageId> current = List.<SubPageId>of().iterator();

          @Override
          public boolean hasNext() {
            while (!current.hasNext() && lists.hasNext()) {
              current = lists.next().iterator();
            }
            return current.hasNext();
          }

          @Override
          public SubPageId next() {
            return hasNext() ? current.next() : lists.next().getFirst();
          }
        };
  }
}
