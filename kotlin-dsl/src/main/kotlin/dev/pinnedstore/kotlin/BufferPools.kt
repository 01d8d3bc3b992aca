package dev.pinnedstore.kotlin

import dev.pinnedstore.pool.BufferPool
import dev.pinnedstore.pool.BufferPoolBuilder
import dev.pinnedstore.pool.BufferPoolConfig
import dev.pinnedstore.pool.PageGuard
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import java.lang.foreign.MemorySegment
import java.nio.file.Path
import kotlin.coroutines.suspendCoroutine
import kotlin.time.Duration
import kotlin.time.toJavaDuration
import kotlin.time.toKotlinDuration

/**
 * Opens a pool over one file, which is made if there is none. Blocks while it is repaired.
 *
 * @param path the file
 * @param from what the settings begin with
 * @param configure changes them
 * @return the pool, which the caller closes
 * @throws IllegalArgumentException if a setting is out of its range
 * @throws dev.pinnedstore.pool.PageIoException if the file cannot be opened or repaired
 */
public fun bufferPool(
    path: Path,
    from: BufferPoolConfig = BufferPoolConfig.defaults(),
    configure: BufferPoolBuilder.() -> Unit = {},
): BufferPool =
    BufferPool
        .builder(from)
        .file(path)
        .apply(configure)
        .build()

/** Pages that are resident at most. */
public var BufferPoolBuilder.frames: Int
    get() = config().frames()
    set(value) {
        frames(value)
    }

/** The size of a page, a power of two between 4 KiB and 2 MiB. */
public var BufferPoolBuilder.pageSize: ByteSize
    get() = config().pageSize().bytes
    set(value) {
        require(value.bytes in 0..Int.MAX_VALUE) {
            "pageSize=${value.bytes}: must be a power of two between 4096 and 2097152 bytes"
        }
        pageSize(value.bytes.toInt())
    }

/** After how long all dirty pages are written. */
public var BufferPoolBuilder.flushInterval: Duration
    get() = config().flushInterval().toKotlinDuration()
    set(value) {
        flushInterval(value.toJavaDuration())
    }

/**
 * Pins a page, shared, for a block.
 *
 * **Thread safety.** From any coroutine.
 *
 * **Suspension.** Only when the page is not in a frame, or others hold it; then a virtual thread
 * waits instead of the caller's. The block may suspend, and the page stays where it is.
 *
 * **Cancellation.** Takes effect before the block, and in the block where that allows it; a page
 * that is being read is waited for.
 *
 * @param pageId the page
 * @param block gets its data, read-only; must not keep them
 * @return what the block returned
 * @throws dev.pinnedstore.pool.BufferPoolException as of `BufferPool.pin`
 */
public suspend inline fun <T> BufferPool.read(
    pageId: Long,
    block: (MemorySegment) -> T,
): T = awaitPin(pageId, false).use { block(it.segment()) }

/**
 * Pins a page exclusively for a block, which changes it and marks it dirty.
 *
 * **Thread safety.** From any coroutine.
 *
 * **Suspension.** Until nobody else has the page; a virtual thread waits instead of the caller's.
 *
 * **Cancellation.** As of [read].
 *
 * @param pageId the page
 * @param block gets the page; a change that it does not mark with `markDirty` is lost
 * @return what the block returned
 * @throws dev.pinnedstore.pool.BufferPoolException as of `BufferPool.pinExclusive`
 */
public suspend inline fun <T> BufferPool.write(
    pageId: Long,
    block: (PageGuard) -> T,
): T = awaitPin(pageId, true).use { block(it) }

/**
 * Reads pages in order, one at a time, with read-ahead.
 *
 * Cold: each collection reads them anew. A page is pinned while [transform] runs, not while its
 * result is collected.
 *
 * @param pageIds the pages
 * @param transform makes of a page what is emitted; must not keep the segment
 * @return what it made of each page
 */
public fun <T> BufferPool.scan(
    pageIds: LongRange,
    transform: suspend (pageId: Long, page: MemorySegment) -> T,
): Flow<T> =
    flow {
        for (pageId in pageIds) {
            emit(read(pageId) { transform(pageId, it) })
        }
    }

/** Not cancellable while it waits: a guard that nobody gets would never be closed. */
@PublishedApi
internal suspend fun BufferPool.awaitPin(
    pageId: Long,
    exclusive: Boolean,
): PageGuard {
    currentCoroutineContext().ensureActive()
    val resident = if (exclusive) null else tryPin(pageId)
    return resident ?: suspendCoroutine { waiter ->
        Thread.startVirtualThread {
            waiter.resumeWith(runCatching { if (exclusive) pinExclusive(pageId) else pin(pageId) })
        }
    }
}
