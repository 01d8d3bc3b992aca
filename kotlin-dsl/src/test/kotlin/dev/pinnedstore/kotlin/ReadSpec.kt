package dev.pinnedstore.kotlin

import dev.pinnedstore.store.BlobHandle
import dev.pinnedstore.store.InvalidHandleException
import dev.pinnedstore.store.StaleHandleException
import dev.pinnedstore.store.StoreClosedException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.nulls.shouldBeNull
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.asFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import java.lang.foreign.MemorySegment
import java.lang.foreign.ValueLayout.JAVA_BYTE
import kotlin.time.Duration.Companion.seconds

private val blob = ByteArray(10) { it.toByte() }

private suspend fun SuspendingStore.isLive(handle: BlobHandle): Boolean = resolve(handle) != null

@OptIn(ExperimentalCoroutinesApi::class)
class ReadSpec :
    FreeSpec({
        "view shows the blob in place and leaves it" {
            runTest {
                manualStore().use { store ->
                    val handle = store.append(blob)
                    val seen: ByteArray
                    val address: Long
                    store.view(handle) { segment ->
                        seen = segment.toArray(JAVA_BYTE)
                        address = segment.address()
                    }
                    seen shouldBe blob
                    store.view(handle) { it.address() } shouldBe address
                    store.isLive(handle) shouldBe true
                }
            }
        }

        "a view is read-only" {
            runTest {
                manualStore().use { store ->
                    store.view(store.append(blob)) { it.isReadOnly shouldBe true }
                }
            }
        }

        "view refuses a blob that is gone, viewOrNull and resolve return null" {
            runTest {
                manualStore { maxPages = 2 }.use { store ->
                    val handle = store.fill()
                    store.viewOrNull(handle) { it.byteSize() } shouldBe PAGE.toLong()
                    store.acknowledge(handle) shouldBe true
                    store.acknowledge(handle) shouldBe false
                    store.maintain()
                    shouldThrow<StaleHandleException> { store.view(handle) {} }
                    shouldThrow<StaleHandleException> { store.consume(handle) {} }
                    store.viewOrNull(handle) { it }.shouldBeNull()
                    store.resolve(handle).shouldBeNull()
                }
            }
        }

        "viewOrNull lets through what its block throws, even a stale handle" {
            runTest {
                manualStore { maxPages = 2 }.use { store ->
                    val gone = store.fill()
                    val live = store.append(blob.takeIf { store.acknowledge(gone) }!!)
                    store.maintain()
                    shouldThrow<StaleHandleException> {
                        store.viewOrNull(live) { store.view(gone) {} }
                    }
                }
            }
        }

        "a handle that was never issued is refused everywhere" {
            runTest {
                manualStore().use { store ->
                    val forged = BlobHandle(77, 0, 10, 1, 0)
                    shouldThrow<InvalidHandleException> { store.view(forged) {} }
                    shouldThrow<InvalidHandleException> { store.viewOrNull(forged) {} }
                    shouldThrow<InvalidHandleException> { store.consume(forged) {} }
                    shouldThrow<InvalidHandleException> { store.resolve(forged) }
                    shouldThrow<InvalidHandleException> { store.acknowledge(forged) }
                }
            }
        }

        "a TTL on the virtual clock ends a blob" {
            runTest {
                manualStore { ttl = 30.seconds }.use { store ->
                    val handle = store.append(blob)
                    delay(30.seconds)
                    store.isLive(handle) shouldBe true
                    delay(1.seconds)
                    store.isLive(handle) shouldBe false
                    store.maintain().pagesExpired() shouldBe 1
                }
            }
        }

        "consume" - {
            "acknowledges when its block returns, and returns what it returns" {
                runTest {
                    manualStore().use { store ->
                        val handle = store.append(blob)
                        store.consume(handle) { it.get(JAVA_BYTE, 3) } shouldBe 3.toByte()
                        store.acknowledge(handle) shouldBe false
                    }
                }
            }

            "acknowledges when its block leaves by return, break or continue" {
                runTest {
                    manualStore().use { store ->
                        val handles = List(3) { store.append(blob) }

                        fun returns(): Byte {
                            store.consume(handles[0]) { return it.get(JAVA_BYTE, 4) }
                        }
                        returns() shouldBe 4.toByte()
                        for (handle in handles.drop(1)) {
                            store.consume(handle) { if (handle == handles[1]) continue else break }
                        }
                        handles.map { store.acknowledge(it) } shouldBe listOf(false, false, false)
                    }
                }
            }

            "leaves the blob when its block throws" {
                runTest {
                    manualStore().use { store ->
                        class Failure : Exception()
                        val handle = store.append(blob)
                        shouldThrow<Failure> { store.consume(handle) { throw Failure() } }
                        store.isLive(handle) shouldBe true
                    }
                }
            }

            "leaves the blob when its block is cancelled" {
                runTest {
                    manualStore().use { store ->
                        val handle = store.append(blob)
                        val cancelled = launch { store.consume(handle) { awaitCancellation() } }
                        runCurrent()
                        cancelled.cancelAndJoin()
                        store.isLive(handle) shouldBe true
                    }
                }
            }
        }

        "consumeEach" - {
            "shows and acknowledges each blob in order, and its block may suspend" {
                runTest {
                    manualStore().use { store ->
                        val handles = List(5) { store.append(byteArrayOf(it.toByte())) }
                        val seen = mutableListOf<Byte>()
                        handles.asFlow().consumeEach(store) {
                            delay(1.seconds)
                            seen += it.get(JAVA_BYTE, 0)
                        }
                        seen shouldBe listOf<Byte>(0, 1, 2, 3, 4)
                        handles.count { store.acknowledge(it) } shouldBe 0
                    }
                }
            }

            "stops at a block that throws and leaves that blob and the rest" {
                runTest {
                    manualStore().use { store ->
                        val handles = List(3) { store.append(byteArrayOf(it.toByte())) }
                        shouldThrow<IllegalArgumentException> {
                            handles.asFlow().consumeEach(store) {
                                require(it.get(JAVA_BYTE, 0) < 1)
                            }
                        }
                        handles.map { store.acknowledge(it) } shouldBe listOf(false, true, true)
                    }
                }
            }
        }

        "after the store is closed" - {
            "every access is refused with StoreClosedException" {
                runTest {
                    lateinit var kept: SuspendingStore
                    lateinit var handle: BlobHandle
                    manualStore().use { store ->
                        kept = store
                        handle = store.append(blob)
                    }
                    shouldThrow<StoreClosedException> { kept.view(handle) {} }
                    shouldThrow<StoreClosedException> { kept.viewOrNull(handle) {} }
                    shouldThrow<StoreClosedException> { kept.consume(handle) {} }
                    shouldThrow<StoreClosedException> { kept.resolve(handle) }
                    shouldThrow<StoreClosedException> { kept.acknowledge(handle) }
                    shouldThrow<StoreClosedException> { kept.append(blob) }
                    shouldThrow<StoreClosedException> { kept.append(1.bytes) {} }
                    shouldThrow<StoreClosedException> { kept.appendOrNull(blob, 1.seconds) }
                    shouldThrow<StoreClosedException> { kept.tryAppend(blob) }
                    shouldThrow<StoreClosedException> { kept.maintain() }
                }
            }

            "a segment that was kept throws instead of reading foreign memory" {
                runTest {
                    lateinit var kept: MemorySegment
                    manualStore().use { store -> store.view(store.append(blob)) { kept = it } }
                    shouldThrow<IllegalStateException> { kept.get(JAVA_BYTE, 0) }
                }
            }
        }
    })
