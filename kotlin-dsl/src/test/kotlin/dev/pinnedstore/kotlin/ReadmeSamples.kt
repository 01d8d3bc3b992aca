package dev.pinnedstore.kotlin

import dev.pinnedstore.store.BlobHandle
import kotlinx.coroutines.flow.Flow
import java.lang.foreign.MemorySegment
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** The examples of README.md: what stands between the marks is quoted there and run by a test. */
internal object ReadmeSamples {
    suspend fun quickstart(
        message: ByteArray,
        reader: (MemorySegment) -> Unit,
    ) {
        // @start region="quickstart"
        pinnedStore {
            maxBytes = 256.MB
            lifecycle { decayTimeout = 5.seconds }
        }.use { store ->
            // opens; closes when this block and its children are done
            val handle = store.append(message) // waits for room
            store.view(handle) { segment -> reader(segment) } // in place
            store.acknowledge(handle)
        }
        // @end
    }

    suspend fun waiting(
        store: SuspendingStore,
        message: ByteArray,
        handles: Flow<BlobHandle>,
        reader: (MemorySegment) -> Unit,
    ): BlobHandle? {
        // @start region="waiting"
        val handle = store.appendOrNull(message, 50.milliseconds) // null: no room in time
        handles.consumeEach(store) { segment -> reader(segment) } // acknowledges on return
        // @end
        return handle
    }
}
