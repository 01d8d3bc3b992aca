package dev.pinnedstore.kotlin

import dev.pinnedstore.store.BlobHandle
import dev.pinnedstore.store.MaintenanceReport
import dev.pinnedstore.store.PinnedStore
import dev.pinnedstore.store.StaleHandleException
import dev.pinnedstore.store.StoreConfig
import dev.pinnedstore.store.StoreEvent
import dev.pinnedstore.store.StoreStats
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import java.lang.foreign.MemorySegment
import java.nio.ByteBuffer
import kotlin.contracts.ExperimentalContracts
import kotlin.contracts.InvocationKind
import kotlin.contracts.contract
import kotlin.time.Duration

/**
 * A store whose appends wait for room; everything else is as the [engine] does it.
 *
 * Opened and closed by [PinnedStoreSource.use] or [PinnedStoreSource.openIn]. An empty blob is an
 * [IllegalArgumentException], one larger than [StoreConfig.maxBytes] a
 * [dev.pinnedstore.store.BlobTooLargeException], and on a closed store everything but [close],
 * [config] and [stats] throws [dev.pinnedstore.store.StoreClosedException].
 *
 * **Thread safety.** All functions may be called by any number of coroutines and threads at once.
 *
 * **Suspension.** Only for room, first come first served unless another is faster: until another
 * coroutine or thread acknowledges enough, or a lifecycle cycle finds room, which is how room that
 * another process makes is noticed. Where the operating
 * system refuses memory although the limits allow it, appends try again after pauses of up to
 * 100 ms.
 *
 * **Cancellation.** A wait is cancellable at any time and leaves nothing behind. Once a blob is
 * published nothing in here suspends, so no cancellation comes between the blob and its handle.
 */
@OptIn(ExperimentalContracts::class)
public class SuspendingStore internal constructor(
    /** The store underneath, for what has no suspending form. Not closed by its users. */
    public val engine: PinnedStore,
    private val ownsThread: Boolean,
    private val isShared: Boolean,
) {
    private val waiters = RoomWaiters(engine::roomFor)
    private val closing = Mutex()
    private val mapped = MappedChunks()

    /** Completes when the store is closed from here. */
    internal val closed = Job()

    /** The settings that the store was opened with. */
    public val config: StoreConfig get() = engine.config()

    // ---- append

    /**
     * Appends all bytes of an array, which must not change meanwhile.
     *
     * **Suspension.** While the store is full.
     *
     * **Cancellation.** Ends the wait; nothing is appended. A timeout *around* this call may still
     * drop the handle that it returns: use [appendOrNull] to wait for a limited time.
     *
     * @return the blob's handle
     */
    public suspend fun append(blob: ByteArray): BlobHandle = append(MemorySegment.ofArray(blob))

    /**
     * Appends the remaining bytes of a buffer, whose position does not move.
     *
     * **Suspension and cancellation** as in the first form.
     *
     * @return the blob's handle
     */
    public suspend fun append(blob: ByteBuffer): BlobHandle = append(MemorySegment.ofBuffer(blob))

    /**
     * Appends all bytes of a segment. One that is confined to a thread may only be given to a
     * coroutine that stays on it.
     *
     * **Suspension and cancellation** as in the first form.
     *
     * @return the blob's handle
     */
    public suspend fun append(blob: MemorySegment): BlobHandle =
        engine.tryAppend(blob) ?: waiters.retry(blob.byteSize()) { engine.tryAppend(blob) }

    /**
     * Appends a blob that is written in place, and published when [writer] returns. When it throws
     * or is cancelled nothing is published, and the space is lost until its page is used again.
     *
     * The segment is writable, of that size, usable on any thread and dead afterwards; what it
     * holds at first is not defined. Its end costs a handshake of all threads, 20 to 100 µs.
     *
     * **Suspension.** While the store is full, and in [writer].
     *
     * **Cancellation.** Ends the wait, or reaches [writer]; nothing is appended.
     *
     * @return the blob's handle
     */
    public suspend fun append(
        size: ByteSize,
        writer: suspend (MemorySegment) -> Unit,
    ): BlobHandle {
        val reservation =
            engine.tryReserve(size.bytes)
                ?: waiters.retry(size.bytes) { engine.tryReserve(size.bytes) }
        return reservation.use {
            writer(it.segment())
            it.publish()
        }
    }

    /**
     * Appends all bytes of an array if there is room within [timeout]. Times the wait alone, so a
     * blob that was appended always has its handle returned:
     *
     * ```
     * val handle = store.appendOrNull(blob, 50.milliseconds) ?: return Busy
     * ```
     *
     * **Suspension.** While the store is full, at most for [timeout]; zero or less means not at
     * all.
     *
     * **Cancellation.** Ends the wait; nothing is appended.
     *
     * @return the blob's handle, or null when there was no room in time
     */
    public suspend fun appendOrNull(
        blob: ByteArray,
        timeout: Duration,
    ): BlobHandle? = appendOrNull(MemorySegment.ofArray(blob), timeout)

    /**
     * Appends all bytes of a segment if there is room within [timeout]. One that is confined to a
     * thread may only be given to a coroutine that stays on it.
     *
     * **Suspension and cancellation** as in the other form.
     *
     * @return the blob's handle, or null when there was no room in time
     */
    public suspend fun appendOrNull(
        blob: MemorySegment,
        timeout: Duration,
    ): BlobHandle? {
        var handle = engine.tryAppend(blob)
        if (handle != null || !timeout.isPositive()) {
            return handle
        }
        try {
            withTimeoutOrNull(timeout) {
                waiters.retry(blob.byteSize()) { engine.tryAppend(blob).also { handle = it } }
            }
        } catch (e: CancellationException) {
            // Cancelled after the blob was published: the caller gets the handle now and meets the
            // cancellation when it suspends next.
            if (handle == null) throw e
        }
        return handle ?: engine.tryAppend(blob)
    }

    /** Appends all bytes of an array if there is room now; null when the store is full. */
    public fun tryAppend(blob: ByteArray): BlobHandle? =
        engine.tryAppend(MemorySegment.ofArray(blob))

    // ---- read

    /**
     * Copies a blob out.
     *
     * **Suspension.** None in a store of this process; where processes share it, while a chunk is
     * mapped on a thread of [Dispatchers.IO], as the first blob of a chunk needs.
     *
     * **Cancellation.** Only then, and before it is mapped.
     *
     * @return the bytes, the caller's own; null when the blob was acknowledged or has expired
     * @throws dev.pinnedstore.store.InvalidHandleException when no such handle was ever issued
     */
    public suspend fun resolve(handle: BlobHandle): ByteArray? {
        if (!isShared || handle.pageId() in mapped) return engine.resolve(handle)
        val bytes = withContext(Dispatchers.IO) { engine.resolve(handle) }
        if (bytes != null) mapped += handle.pageId()
        return bytes
    }

    /**
     * Shows a blob in place to [block], which may suspend if its caller may. Copies nothing. The
     * segment is read-only and good until the blob is acknowledged.
     *
     * Where processes share the store, the first view of a chunk maps it on the calling thread,
     * some 100 µs, unless [resolve] has.
     *
     * @throws StaleHandleException when the blob was acknowledged or has expired
     * @throws dev.pinnedstore.store.InvalidHandleException when no such handle was ever issued
     */
    public inline fun <R> view(
        handle: BlobHandle,
        block: (MemorySegment) -> R,
    ): R {
        contract { callsInPlace(block, InvocationKind.EXACTLY_ONCE) }
        return block(engine.view(handle))
    }

    /**
     * Shows a blob in place as [view] does; null when the blob was acknowledged or has expired.
     * What [block] throws goes through.
     *
     * @throws dev.pinnedstore.store.InvalidHandleException when no such handle was ever issued
     */
    public inline fun <R : Any> viewOrNull(
        handle: BlobHandle,
        block: (MemorySegment) -> R,
    ): R? {
        contract { callsInPlace(block, InvocationKind.AT_MOST_ONCE) }
        val segment =
            try {
                engine.view(handle)
            } catch (_: StaleHandleException) {
                return null
            }
        return block(segment)
    }

    /**
     * Shows a blob in place as [view] does, and acknowledges it when [block] returns, also by
     * `return`, `break` or `continue` to somewhere outside. When it throws or is cancelled, the
     * blob stays.
     *
     * @throws StaleHandleException when the blob was acknowledged or has expired
     * @throws dev.pinnedstore.store.InvalidHandleException when no such handle was ever issued
     */
    public inline fun <R> consume(
        handle: BlobHandle,
        block: (MemorySegment) -> R,
    ): R {
        contract { callsInPlace(block, InvocationKind.EXACTLY_ONCE) }
        val segment = engine.view(handle)
        var failed = false
        try {
            return block(segment)
        } catch (e: Throwable) {
            failed = true
            throw e
        } finally {
            if (!failed) acknowledge(handle)
        }
    }

    /**
     * Says that a blob was consumed. Its bytes may be overwritten from now on.
     *
     * @return true for the first call, false for every later one and when the blob has expired
     * @throws dev.pinnedstore.store.InvalidHandleException when no such handle was ever issued
     */
    public fun acknowledge(handle: BlobHandle): Boolean = engine.acknowledge(handle)

    // ---- what goes on

    /** The figures of the store as of now; of a closed store, the last ones. Walks all pages. */
    public fun stats(): StoreStats = engine.stats()

    /**
     * The figures of the store at once and then again and again; ends when the store is closed.
     * Cold; a slow collector gets the latest ones. A collector in a block of
     * [PinnedStoreSource.use] has to be cancelled there, since the store closes after it.
     *
     * **Suspension.** For [every] between two figures.
     *
     * **Cancellation.** Ends the collection.
     *
     * @param every the pause between two figures, positive
     */
    public fun stats(every: Duration): Flow<StoreStats> {
        require(every.isPositive()) { "every=$every: must be positive" }
        return flow {
            do {
                emit(engine.stats())
            } while (withTimeoutOrNull(every) { closed.join() } == null)
        }.conflate()
    }

    /**
     * What happens to the pages, from the start of the collection until the store is closed. Told
     * by lifecycle cycles, which never wait for a collector: of more than 64 events that one has
     * not taken yet, the oldest are dropped. A collector in a block of [PinnedStoreSource.use] has
     * to be cancelled there, since the store closes after it.
     *
     * **Suspension.** Until something happens.
     *
     * **Cancellation.** Ends the collection.
     */
    public fun events(): Flow<StoreEvent> =
        callbackFlow {
            val registration = engine.listen { trySend(it) }
            val end = closed.invokeOnCompletion { close() }
            awaitClose {
                end.dispose()
                registration.close()
            }
        }.buffer(EVENTS, BufferOverflow.DROP_OLDEST)

    /**
     * Runs one lifecycle cycle on the calling thread, or, where processes share the store, on one
     * of [Dispatchers.IO]: expires, recycles, makes pages ready, gives
     * idle ones back, wakes those who wait for room, and tells of [events]. A few system calls,
     * some of which touch whole pages; a caller whose thread must not wait changes its dispatcher.
     *
     * **Suspension.** None in a store of this process, else for the cycle.
     *
     * **Cancellation.** Not looked at in a store of this process, else before the cycle.
     */
    public suspend fun maintain(): MaintenanceReport =
        if (isShared) withContext(Dispatchers.IO) { engine.maintain() } else engine.maintain()

    /**
     * Closes the store: ends every wait with [dev.pinnedstore.store.StoreClosedException], ends the
     * lifecycle, lets every view die and gives all memory back. May be called again. Only needed
     * to close the store before its scope or block would.
     *
     * **Suspension.** Until the lifecycle's thread has ended.
     *
     * **Cancellation.** Not looked at: closes in a cancelled coroutine as well.
     */
    public suspend fun close() {
        withContext(NonCancellable) {
            closing.withLock {
                try {
                    // Without a thread to wait for nothing leaves this one, so that under a test's
                    // scheduler the virtual time stands still.
                    if (ownsThread || isShared) {
                        withContext(Dispatchers.IO) { engine.close() }
                    } else {
                        engine.close()
                    }
                } finally {
                    closed.complete()
                }
            }
        }
    }

    override fun toString(): String = engine.toString()

    private companion object {
        private const val EVENTS = 64
    }
}
