package dev.pinnedstore.kotlin

import dev.pinnedstore.store.BlobHandle
import kotlinx.coroutines.flow.Flow
import java.lang.foreign.MemorySegment
import java.nio.file.Path
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

    suspend fun sharedProducer(
        files: Path,
        message: ByteArray,
        pipe: suspend (BlobHandle) -> Unit,
    ) {
        // @start region="sharedProducer"
        pinnedStore {
            backend =
                shared("orders") {
                    chunkSize = 1.MB
                    maxChunks = 64
                    directory = files // /dev/shm unless said
                }
            ttl = 10.seconds // 30 s unless set: a consumer may die
        }.use { store -> pipe(store.append(message)) }
        // @end
    }

    suspend fun sharedConsumer(
        files: Path,
        handles: Flow<BlobHandle>,
        reader: (MemorySegment) -> Unit,
    ) {
        // @start region="sharedConsumer"
        attachedStore("orders") { backend = shared("orders") { directory = files } }
            .use { store -> handles.consumeEach(store) { segment -> reader(segment) } }
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
