package dev.pinnedstore.kotlin

import dev.pinnedstore.store.BlobHandle
import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.comparables.shouldBeGreaterThan
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED
import java.nio.ByteBuffer
import java.util.BitSet

class ManyCoroutinesSpec :
    FreeSpec({
        "ten thousand coroutines append to two pages, and each blob arrives once" {
            busyStore { maxPages = 2 }.use { store ->
                val handles = Channel<BlobHandle>(Channel.UNLIMITED)
                val seen = BitSet()
                withContext(Dispatchers.Default) {
                    repeat(COROUTINES) { index ->
                        launch {
                            val blob =
                                ByteBuffer
                                    .allocate(
                                        BLOB,
                                    ).putInt(0, Integer.reverseBytes(index))
                            handles.send(store.append(blob))
                        }
                    }
                    repeat(COROUTINES) {
                        store.consume(handles.receive()) { segment ->
                            segment.byteSize() shouldBe BLOB
                            val index = segment.get(JAVA_INT_UNALIGNED, 0)
                            seen[index] shouldBe false
                            seen.set(index)
                        }
                    }
                    coroutineContext.job.children
                        .forEach { it.join() }
                }
                seen.cardinality() shouldBe COROUTINES
                store.stats().liveBlobs() shouldBe 0
                store.stats().appendedBlobs() shouldBe COROUTINES
                // They did have to wait.
                store.stats().storeFull() shouldBeGreaterThan 0
            }
        }
    })

private const val COROUTINES = 10_000
private const val BLOB = 256
