package dev.pinnedstore.kotlin

import dev.pinnedstore.pager.DurablePageAllocator
import dev.pinnedstore.pager.PageHandle
import dev.pinnedstore.pager.Pager
import dev.pinnedstore.pager.ProtectedPage
import dev.pinnedstore.pager.Relocation
import java.nio.file.Path
import java.util.concurrent.CompletionException
import java.util.concurrent.CompletionStage
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlin.coroutines.suspendCoroutine

/**
 * Hands out a page, a protected page or a sub-page; it is durable when this returns. Calls made at
 * the same time share one sync.
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
public suspend fun <H : PageHandle> DurablePageAllocator<H>.awaitAlloc(): H =
    allocAsync().awaitWhole()

/**
 * Hands out pages of one kind in one change, which is durable when this returns.
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
public suspend fun <H : PageHandle> DurablePageAllocator<H>.awaitAllocBulk(count: Int): List<H> =
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
 * @throws IllegalStateException if it is a protected page with a writer, or the pager is closed
 */
public suspend fun <H : PageHandle> DurablePageAllocator<H>.awaitFree(page: H) {
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
 * @throws IllegalStateException if one is a protected page with a writer, or the pager is closed
 */
public suspend fun <H : PageHandle> DurablePageAllocator<H>.awaitFreeBulk(pages: Collection<H>) {
    freeBulkAsync(pages).awaitWhole()
}

/**
 * Makes the changes of a writer the bytes of its page; they are durable when this returns.
 *
 * **Thread safety.** One coroutine at a time on one writer, any number on one pager.
 *
 * **Suspension.** Until the commit; no thread of the caller waits.
 *
 * **Cancellation.** Not cancellable.
 *
 * @throws dev.pinnedstore.pager.PagerIoException if the file system fails
 * @throws IllegalStateException if the writer was committed or closed, or the pager is closed
 */
public suspend fun ProtectedPage.Writer.awaitCommit() {
    commitAsync().awaitWhole()
}

/**
 * Keeps a number; that is durable when this returns.
 *
 * **Thread safety.** Any number of coroutines on one pager.
 *
 * **Suspension.** Until the commit; no thread of the caller waits.
 *
 * **Cancellation.** Not cancellable.
 *
 * @param index 0 to 15
 * @param value any number
 * @throws IndexOutOfBoundsException if the index is out of its range
 * @throws dev.pinnedstore.pager.PagerIoException if the file system fails
 * @throws IllegalStateException if the pager is closed
 */
public suspend fun Pager.awaitSetRoot(
    index: Int,
    value: Long,
) {
    setRootAsync(index, value).awaitWhole()
}

/**
 * Copies the pager to a file that does not exist yet, while it is in use; see [Pager.snapshot].
 *
 * **Thread safety.** Any number of coroutines on one pager; one copy at a time is made.
 *
 * **Suspension.** Until the copy is durable; a thread of the pager makes it.
 *
 * **Cancellation.** Not cancellable.
 *
 * @param target where
 * @throws java.io.IOException if the target exists, or cannot be written
 * @throws dev.pinnedstore.pager.PagerFullException if the file system has no room for the copy
 * @throws dev.pinnedstore.pager.PagerCorruptException if the pager is damaged
 * @throws IllegalStateException if the pager is closed
 */
public suspend fun Pager.awaitSnapshot(target: Path) {
    snapshotAsync(target).awaitWhole()
}

/**
 * Moves pages from the end of the file to free places before them; see [Pager.compact].
 *
 * **Thread safety.** Any number of coroutines on one pager; nobody may write to pages meanwhile.
 *
 * **Suspension.** Until all have moved; a thread of the pager moves them.
 *
 * **Cancellation.** Not cancellable.
 *
 * @param relocation is told of each move, on that thread
 * @return how many pages moved
 * @throws dev.pinnedstore.pager.PagerIoException if the file system fails
 * @throws IllegalStateException if the pager is closed
 */
public suspend fun Pager.awaitCompact(relocation: Relocation): Long =
    compactAsync(relocation).awaitWhole()

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
