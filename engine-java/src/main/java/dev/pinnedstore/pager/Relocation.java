package dev.pinnedstore.pager;

/** Is told by {@link Pager#compact} where pages went. */
@FunctionalInterface
public interface Relocation {

  /**
   * Replaces one handle by another wherever the caller keeps it. Both are in use during the call,
   * with the same bytes, and the new one is durable: whichever of them a crash leaves in the
   * caller's pages is good. May change pages, flush, and commit protected pages.
   *
   * @param from the handle that is freed afterwards, a {@link PageId} or a {@link ProtectedPage}
   * @param to the new one, of the same kind
   */
  void moved(PageHandle from, PageHandle to);
}
