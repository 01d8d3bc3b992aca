package dev.pinnedstore.kotlin

import dev.pinnedstore.store.BlobHandle
import kotlinx.coroutines.flow.Flow
import java.lang.foreign.MemorySegment

/**
 * Collects handles, shows each blob in place, and acknowledges it when [block] returns.
 *
 * A blob whose block throws is not acknowledged, and the collection ends with the exception.
 *
 * **Thread safety.** One blob at a time, in the order of the flow; a flow may be collected by
 * several coroutines if its handles are shared out among them.
 *
 * **Suspension.** For the flow and for [block]; reading and acknowledging never wait.
 *
 * **Cancellation.** A blob whose block is cancelled stays unacknowledged.
 *
 * @param store the store that issued the handles
 * @param block reads the blob; the segment is valid until the block returns
 * @throws dev.pinnedstore.store.StaleHandleException when a blob is gone already
 * @throws dev.pinnedstore.store.InvalidHandleException when a handle was never issued
 */
public suspend fun Flow<BlobHandle>.consumeEach(
    store: SuspendingStore,
    block: suspend (MemorySegment) -> Unit,
) {
    collect { handle -> store.consume(handle) { block(it) } }
}
