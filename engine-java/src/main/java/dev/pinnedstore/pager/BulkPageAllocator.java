package dev.pinnedstore.pager;

import java.util.Collection;
import java.util.List;

/**
 * Hands out and takes back many pages in one change: all of them or none, after a crash too.
 *
 * @param <H> what names a page
 */
public interface BulkPageAllocator<H extends PageHandle> extends PageAllocator<H> {

  /**
   * Hands out pages.
   *
   * @param count how many, 0 or more
   * @return what names them, unmodifiable
   * @throws PagerFullException if there is not room for all; nothing has changed then
   * @throws IllegalArgumentException if the count is negative
   */
  List<H> allocBulk(int count);

  /**
   * Takes pages back.
   *
   * @param pages what names them
   * @throws InvalidPageException if one of them is not in use, or named twice; nothing has changed
   *     then
   */
  void freeBulk(Collection<? extends H> pages);

  /**
   * Returns what is in use, in the order of page numbers. What others allocate or free during an
   * iteration may or may not be seen.
   *
   * @return an unmodifiable view; each iterator reads the page map as it goes
   */
  Iterable<H> allocated();
}
