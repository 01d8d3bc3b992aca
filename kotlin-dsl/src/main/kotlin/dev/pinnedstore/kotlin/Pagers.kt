package dev.pinnedstore.kotlin

import dev.pinnedstore.pager.PageId
import dev.pinnedstore.pager.Pager
import java.util.concurrent.CompletionException
import java.util.concurrent.CompletionStage
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlin.coroutines.suspendCoroutine

/**
 * Hands out a page; it is durable when this returns. Calls made at the same time share one sync.
 *
 * **Thread safety.** Any number of coroutines on one pager.
 *
 * **Suspension.** Until the commit; no thread of the caller waits.
 *
 * **Cancellation.** Not cancellable, as the page would be lost; it takes no longer than a commit.
 *
 * @return what names the page
 * @throws dev.pinnedstore.pager.PagerFullException if the file system has no room
 * @throws dev.pinnedstore.pager.PagerIoException if the file system fails
 * @throws IllegalStateException if the pager is closed
 */
public suspend fun Pager.awaitAlloc(): PageId = allocAsync().awaitWhole()

/**
 * Hands out pages in one change, which is durable when this returns.
 *
 * **Thread safety.** Any number of coroutines on one pager.
 *
 * **Suspension.** Until the commit; no thread of the caller waits.
 *
 * **Cancellation.** Not cancellable, as the pages would be lost.
 *
 * @param count how many, 0 or more
 * @return what names the pages
 * @throws dev.pinnedstore.pager.PagerFullException if the file system has no room for all
 * @throws dev.pinnedstore.pager.PagerIoException if the file system fails
 * @throws IllegalArgumentException if the count is negative
 * @throws IllegalStateException if the pager is closed
 */
public suspend fun Pager.awaitAllocBulk(count: Int): List<PageId> =
    allocBulkAsync(count).awaitWhole()

/**
 * Takes a page back; that is durable when this returns.
 *
 * **Thread safety.** Any number of coroutines on one pager.
 *
 * **Suspension.** Until the commit; no thread of the caller waits.
 *
 * **Cancellation.** Not cancellable.
 *
 * @param page what names the page
 * @throws dev.pinnedstore.pager.InvalidPageException if it is not in use
 * @throws dev.pinnedstore.pager.PagerIoException if the file system fails
 * @throws IllegalStateException if the pager is closed
 */
public suspend fun Pager.awaitFree(page: PageId) {
    freeAsync(page).awaitWhole()
}

/**
 * Takes pages back in one change, which is durable when this returns.
 *
 * **Thread safety.** Any number of coroutines on one pager.
 *
 * **Suspension.** Until the commit; no thread of the caller waits.
 *
 * **Cancellation.** Not cancellable.
 *
 * @param pages what names the pages; not to be changed meanwhile
 * @throws dev.pinnedstore.pager.InvalidPageException if one is not in use, or named twice
 * @throws dev.pinnedstore.pager.PagerIoException if the file system fails
 * @throws IllegalStateException if the pager is closed
 */
public suspend fun Pager.awaitFreeBulk(pages: Collection<PageId>) {
    freeBulkAsync(pages).awaitWhole()
}

/**
 * Waits until the bytes of all pages and all changes so far are on the medium.
 *
 * **Thread safety.** Any number of coroutines on one pager.
 *
 * **Suspension.** Until then; no thread of the caller waits.
 *
 * **Cancellation.** Not cancellable.
 *
 * @throws dev.pinnedstore.pager.PagerIoException if the file system fails
 * @throws IllegalStateException if the pager is closed
 */
public suspend fun Pager.awaitSync() {
    syncAsync().awaitWhole()
}

/** Waits for a future that must not be given up: its result is never lost to a cancellation. */
private suspend fun <T> CompletionStage<T>.awaitWhole(): T =
    suspendCoroutine { waiting ->
        whenComplete { result, failure ->
            when {
                failure == null -> {
                    waiting.resume(result)
                }

                failure is CompletionException && failure.cause != null -> {
                    waiting.resumeWithException(failure.cause!!)
                }

                else -> {
                    waiting.resumeWithException(failure)
                }
            }
        }
    }
