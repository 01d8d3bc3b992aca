package dev.pinnedstore.kotlin

import dev.pinnedstore.buffer.DirectFile
import dev.pinnedstore.buffer.IoSlice
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import java.util.concurrent.CompletableFuture
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlin.coroutines.suspendCoroutine

/**
 * Reads until the slice is full or the file ends, without blocking a thread.
 *
 * **Thread safety.** From any coroutine; the memory is for all threads, as of `AlignedBuffer.shared`.
 *
 * **Suspension.** Until the operation has ended.
 *
 * **Cancellation.** Takes effect when the operation has ended, since the system may write into the
 * memory until then.
 *
 * @param target its whole capacity is room; `withLength` of what this returns gives the data
 * @param position where in the file, 0 or more
 * @return the bytes read; -1 if the file ends at or before the position; 0 if there is no room
 * @throws IllegalArgumentException if the slice or the position is not aligned, or the memory is
 *   on the heap, read-only or confined to a thread
 * @throws IllegalStateException if the buffer of the slice is closed
 * @throws java.io.IOException if the system refuses, or the file is closed
 */
public suspend fun DirectFile.awaitRead(
    target: IoSlice,
    position: Long,
): Long = awaitEnd { readAsync(target, position) }

/**
 * Reads into slices, one after another, until they are full or the file ends; as [awaitRead] of one.
 *
 * @param targets the slices
 * @param position where in the file, 0 or more
 * @return the bytes read, in all; -1 if the file ends at or before the position
 */
public suspend fun DirectFile.awaitRead(
    targets: List<IoSlice>,
    position: Long,
): Long = awaitEnd { readAsync(targets, position) }

/**
 * Writes all data of a slice, without blocking a thread.
 *
 * **Thread safety.** From any coroutine; the memory is for all threads, as of `AlignedBuffer.shared`.
 *
 * **Suspension.** Until the operation has ended.
 *
 * **Cancellation.** Takes effect when the operation has ended, since the system may read the memory
 * until then; the bytes are written.
 *
 * @param source its data are written; they must not change meanwhile
 * @param position where in the file, 0 or more
 * @return the bytes written: the length of the slice
 * @throws IllegalArgumentException if the slice or the position is not aligned, or the memory is
 *   on the heap or confined to a thread
 * @throws IllegalStateException if the buffer of the slice is closed
 * @throws java.io.IOException if the system refuses, or the file is closed
 */
public suspend fun DirectFile.awaitWrite(
    source: IoSlice,
    position: Long,
): Long = awaitEnd { writeAsync(source, position) }

/**
 * Writes the data of slices, one after another; as [awaitWrite] of one.
 *
 * @param sources the slices
 * @param position where in the file, 0 or more
 * @return the bytes written, in all
 */
public suspend fun DirectFile.awaitWrite(
    sources: List<IoSlice>,
    position: Long,
): Long = awaitEnd { writeAsync(sources, position) }

/** Not cancellable while it waits: whoever is resumed may use the memory again. */
private suspend fun awaitEnd(begin: () -> CompletableFuture<Long>): Long {
    currentCoroutineContext().ensureActive()
    val operation = begin()
    val bytes =
        suspendCoroutine { waiter ->
            operation.whenComplete { bytes, failure ->
                if (failure == null) waiter.resume(bytes) else waiter.resumeWithException(failure)
            }
        }
    currentCoroutineContext().ensureActive()
    return bytes
}
