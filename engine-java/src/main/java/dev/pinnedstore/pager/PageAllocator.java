package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/**
 * Hands out pages of one kind: pages, protected pages or sub-pages. For code that works with any of
 * them. Safe for threads.
 *
 * @param <H> what names a page
 */
public interface PageAllocator<H extends PageHandle> {

  /**
   * Returns the size of each page.
   *
   * @return bytes
   */
  int pageSize();

  /**
   * Hands out a page.
   *
   * @return what names it
   * @throws PagerFullException if there is no room for another one
   */
  H alloc();

  /**
   * Takes a page back.
   *
   * @param page what names it; refused from now on
   * @throws InvalidPageException if it is not in use, for whatever reason
   */
  void free(H page);

  /**
   * Returns the bytes of a page, in place.
   *
   * @param page what names it
   * @return a read-only segment
   * @throws InvalidPageException if it is not in use
   */
  MemorySegment read(H page);

  /**
   * Writes to a page: in place, or, if it is protected, to a copy that is committed when the writer
   * returns and discarded when it throws.
   *
   * @param page what names it
   * @param writer gets the present bytes, to change them; not to be kept
   * @throws InvalidPageException if the page is not in use
   */
  void write(H page, Consumer<? super MemorySegment> writer);
}
