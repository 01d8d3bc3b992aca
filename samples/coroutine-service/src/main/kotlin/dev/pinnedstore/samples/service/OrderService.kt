package dev.pinnedstore.samples.service

import dev.pinnedstore.kotlin.KB
import dev.pinnedstore.kotlin.SuspendingStore
import dev.pinnedstore.kotlin.consumeEach
import dev.pinnedstore.kotlin.pinnedStore
import dev.pinnedstore.store.BlobHandle
import dev.pinnedstore.store.StoreStats
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.ReceiveChannel
import kotlinx.coroutines.channels.SendChannel
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.receiveAsFlow
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import java.lang.foreign.Arena
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

private val PAGE = 256.KB
private val DECAY = 100.milliseconds
private val PATIENCE = 2.seconds

/** An order in the store is not the order that was put there. */
class CorruptOrderException(
    message: String,
) : Exception(message)

/** Opens a store, lets one producer and the workers loose on it, and says what came of it. */
suspend fun serve(options: Options): Summary =
    pinnedStore {
        pageSize = PAGE
        maxBytes = options.memory
        lifecycle {
            decayTimeout = DECAY
            interval = DECAY / 10
        }
    }.use { store ->
        withContext(Dispatchers.Default) {
            // Needs no bound of its own: the store's limit holds the producer back.
            val handles = Channel<BlobHandle>(Channel.UNLIMITED)
            val start = TimeSource.Monotonic.markNow()
            val produced = async { produce(options.orders, store, handles) }
            val workers = List(options.workers) { async { work(store, handles) } }
            val consumed = workers.awaitAll().fold(Tally(), Tally::plus)
            val elapsed = start.elapsedNow()
            Summary(options, produced.await(), consumed, elapsed, quietStats(store))
        }
    }

/** Appends the orders and sends their handles, waiting for room as it must. */
internal suspend fun produce(
    orders: Long,
    store: SuspendingStore,
    handles: SendChannel<BlobHandle>,
): Tally {
    // Not confined: this coroutine may go on on another thread after it has waited.
    val scratch = Arena.ofAuto().allocate(OrderLayout.MAX_BYTES)
    var tally = Tally()
    for (id in 0 until orders) {
        val written = OrderLayout.write(Order.sample(id), scratch)
        handles.send(store.append(written))
        tally += OrderLayout.tally(written)
    }
    handles.close()
    return tally
}

/** Checks orders where they lie and acknowledges them, until there are no more. */
internal suspend fun work(
    store: SuspendingStore,
    handles: ReceiveChannel<BlobHandle>,
): Tally {
    var tally = Tally()
    handles.receiveAsFlow().consumeEach(store) { segment ->
        if (!OrderLayout.isWhole(segment)) {
            throw CorruptOrderException("order of ${segment.byteSize()} bytes: checksum is wrong")
        }
        tally += OrderLayout.tally(segment)
    }
    return tally
}

/** The figures once all pages but one have decayed, or after some time. */
private suspend fun quietStats(store: SuspendingStore): StoreStats {
    val quiet =
        withTimeoutOrNull(PATIENCE) {
            store.stats(every = DECAY / 10).first { it.committedBytes() <= PAGE.bytes }
        }
    return quiet ?: store.stats()
}
