package dev.pinnedstore.pager;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Hands out pages of one kind in a file, with a choice for each call when that is durable, and
 * without waiting. Calls without a {@link Durability} have that of {@link
 * PagerOptions#durability()}.
 *
 * <p>The asynchronous forms make their change on a thread of the pager and complete there, when it
 * is durable; calls that are made while a commit is under way share the next one. What depends on
 * their result without an executor runs on that thread, too: it may call the pager, but must not
 * wait for another asynchronous call of it, which would never be made.
 *
 * <p>All calls throw {@link PagerIoException} if the file system fails, and {@code
 * IllegalStateException} if the pager is closed.
 *
 * @param <H> what names a page
 */
public interface DurablePageAllocator<H extends PageHandle> extends BulkPageAllocator<H> {

  /**
   * Hands out a page.
   *
   * @param durability when a crash cannot undo it any more
   * @return what names it
   * @throws PagerFullException if the file system has no room for another one
   */
  H alloc(Durability durability);

  /**
   * Takes a page back. Its place is handed out again once this is durable: until then a crash would
   * bring its owner back.
   *
   * @param page what names it
   * @param durability when a crash cannot undo it any more
   * @throws InvalidPageException if it is not in use by this name; freed before, for one
   * @throws IllegalStateException if it is a protected page that has a writer
   */
  void free(H page, Durability durability);

  /**
   * Hands out pages in one change.
   *
   * @param count how many, 0 or more
   * @param durability when a crash cannot undo it any more
   * @return what names them, unmodifiable
   * @throws PagerFullException if there is not room for all; nothing has changed then
   * @throws IllegalArgumentException if the count is negative
   */
  List<H> allocBulk(int count, Durability durability);

  /**
   * Takes pages back in one change.
   *
   * @param pages what names them
   * @param durability when a crash cannot undo it any more
   * @throws InvalidPageException if one of them is not in use, or named twice; nothing has changed
   *     then
   * @throws IllegalStateException if one is a protected page that has a writer; nothing has changed
   *     then
   */
  void freeBulk(Collection<? extends H> pages, Durability durability);

  /**
   * Hands out a page without waiting for anything.
   *
   * @return completes with the page when it is durable; fails as {@link #alloc()} throws.
   *     Cancelled, it leaves no page allocated
   */
  CompletableFuture<H> allocAsync();

  /**
   * Takes a page back without waiting for anything.
   *
   * @param page what names it
   * @return completes when that is durable; fails as {@link #free(PageHandle)} throws
   */
  CompletableFuture<Void> freeAsync(H page);

  /**
   * Hands out pages in one change without waiting for anything.
   *
   * @param count how many, 0 or more
   * @return completes with the pages when they are durable; fails as {@link #allocBulk(int)}
   *     throws. Cancelled, it leaves none allocated
   */
  CompletableFuture<List<H>> allocBulkAsync(int count);

  /**
   * Takes pages back in one change without waiting for anything.
   *
   * @param pages what names them; not to be changed meanwhile
   * @return completes when that is durable; fails as {@link #freeBulk(Collection)} throws
   */
  CompletableFuture<Void> freeBulkAsync(Collection<? extends H> pages);
}
