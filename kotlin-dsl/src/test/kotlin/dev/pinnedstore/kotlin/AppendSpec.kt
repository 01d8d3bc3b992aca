package dev.pinnedstore.kotlin

import dev.pinnedstore.store.BlobHandle
import dev.pinnedstore.store.BlobTooLargeException
import dev.pinnedstore.store.StoreClosedException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.nulls.shouldBeNull
import io.kotest.matchers.nulls.shouldNotBeNull
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.delay
import kotlinx.coroutines.isActive
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import java.lang.foreign.Arena
import java.lang.foreign.MemorySegment
import java.lang.foreign.ValueLayout.JAVA_BYTE
import java.nio.ByteBuffer
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

@OptIn(ExperimentalCoroutinesApi::class)
class AppendSpec :
    FreeSpec({
        "a blob of each kind of memory comes back whole" {
            runTest {
                manualStore().use { store ->
                    val bytes = ByteArray(100) { it.toByte() }
                    store.resolve(store.append(bytes)) shouldBe bytes
                    val segment =
                        Arena
                            .ofAuto()
                            .allocate(
                                100,
                            ).copyFrom(MemorySegment.ofArray(bytes))
                    store.resolve(store.append(segment)) shouldBe bytes
                    store.resolve(store.appendOrNull(segment, 1.seconds)!!) shouldBe bytes
                    store.resolve(store.appendOrNull(bytes, 1.seconds)!!) shouldBe bytes
                    store.resolve(store.tryAppend(bytes)!!) shouldBe bytes
                }
            }
        }

        "a buffer gives its remaining bytes and keeps its position" {
            runTest {
                manualStore().use { store ->
                    for (buffer in listOf(ByteBuffer.allocate(64), ByteBuffer.allocateDirect(64))) {
                        repeat(64) { buffer.put(it, it.toByte()) }
                        buffer.position(10).limit(14)
                        store.resolve(store.append(buffer)) shouldBe byteArrayOf(10, 11, 12, 13)
                        buffer.position() shouldBe 10
                    }
                }
            }
        }

        "an empty blob and one that can never fit are refused at once" {
            runTest {
                manualStore { maxBytes = 8.KB }.use { store ->
                    shouldThrow<IllegalArgumentException> { store.append(ByteArray(0)) }
                    shouldThrow<IllegalArgumentException> { store.append(0.bytes) {} }
                    shouldThrow<BlobTooLargeException> { store.append(ByteArray(8193)) }
                    shouldThrow<BlobTooLargeException> { store.append(8193.bytes) {} }
                    shouldThrow<BlobTooLargeException> {
                        store.appendOrNull(ByteArray(8193), 1.seconds)
                    }
                }
            }
        }

        "waiting for room" - {
            "append goes on as soon as somebody acknowledges" {
                runTest {
                    manualStore { maxPages = 2 }.use { store ->
                        val first = store.fill()
                        val waiting = async { store.append(pageOf(3)) }
                        runCurrent()
                        waiting.isCompleted shouldBe false
                        store.tryAppend(pageOf(4)).shouldBeNull()
                        store.acknowledge(first) shouldBe true
                        store.resolve(waiting.await()) shouldBe pageOf(3)
                    }
                }
            }

            "a single page is used again as soon as its only blob is acknowledged" {
                runTest {
                    manualStore { maxPages = 1 }.use { store ->
                        val first = store.append(pageOf(1))
                        val waiting = async { store.append(pageOf(2)) }
                        runCurrent()
                        waiting.isCompleted shouldBe false
                        store.acknowledge(first)
                        store.resolve(waiting.await()) shouldBe pageOf(2)
                    }
                }
            }

            "append goes on as soon as a writer in place is cancelled" {
                runTest {
                    manualStore { maxPages = 1 }.use { store ->
                        val cancelled = launch { store.append(PAGE.bytes) { awaitCancellation() } }
                        runCurrent()
                        val waiting = async { store.append(pageOf(2)) }
                        runCurrent()
                        waiting.isCompleted shouldBe false
                        cancelled.cancel()
                        store.resolve(waiting.await()) shouldBe pageOf(2)
                    }
                }
            }

            "a single page goes round between a writer and a reader on real threads" {
                val blobs = 50
                busyStore { maxPages = 1 }.use { store ->
                    val handles = Channel<BlobHandle>()
                    launch { repeat(blobs) { handles.send(store.append(pageOf(it))) } }
                    repeat(blobs) {
                        store.consume(handles.receive()) { segment ->
                            segment.toArray(JAVA_BYTE) shouldBe pageOf(it)
                        }
                    }
                    store.stats().liveBlobs() shouldBe 0
                }
            }

            "many waiters all get room, one page at a time" {
                runTest {
                    manualStore { maxPages = 2 }.use { store ->
                        val held = ArrayDeque<BlobHandle>()
                        repeat(2) { held += store.append(pageOf(0)) }
                        val waiting = List(20) { async { store.append(pageOf(1)) } }.toMutableList()
                        while (waiting.isNotEmpty()) {
                            runCurrent()
                            waiting.none { it.isCompleted } shouldBe true
                            store.acknowledge(held.removeFirst())
                            runCurrent()
                            val served = waiting.single { it.isCompleted }
                            waiting -= served
                            held += served.await()
                        }
                        store.stats().liveBlobs() shouldBe 2
                    }
                }
            }

            "a cancelled append leaves no waiter and no blob" {
                runTest {
                    manualStore { maxPages = 2 }.use { store ->
                        val first = store.fill()
                        val cancelled = launch { store.append(pageOf(3)) }
                        runCurrent()
                        cancelled.cancelAndJoin()
                        store.acknowledge(first)
                        runCurrent()
                        store.stats().liveBlobs() shouldBe 1
                        store.stats().appendedBlobs() shouldBe 2
                        store.tryAppend(pageOf(4)).shouldNotBeNull()
                    }
                }
            }

            "a wake-up whose coroutine is cancelled goes to the next one" {
                runTest {
                    manualStore { maxPages = 2 }.use { store ->
                        val first = store.fill()
                        val cancelled = launch { store.append(pageOf(3)) }
                        runCurrent()
                        val next = async { store.append(pageOf(4)) }
                        runCurrent()
                        store.acknowledge(first)
                        cancelled.cancel()
                        store.resolve(next.await()) shouldBe pageOf(4)
                    }
                }
            }

            "a wake-up whose blob cannot be read any more goes to the next one" {
                runTest {
                    manualStore { maxPages = 2 }.use { store ->
                        val first = store.fill()
                        val arena = Arena.ofShared()
                        val failed =
                            async {
                                shouldThrow<IllegalStateException> {
                                    store.append(arena.allocate(PAGE.toLong()))
                                }
                            }
                        runCurrent()
                        val next = async { store.append(pageOf(4)) }
                        runCurrent()
                        arena.close()
                        store.acknowledge(first)
                        failed.await()
                        store.resolve(next.await()) shouldBe pageOf(4)
                    }
                }
            }

            "closing the store ends the wait with StoreClosedException, not a cancellation" {
                runTest {
                    lateinit var waiting: List<suspend () -> Result<*>>
                    manualStore { maxPages = 2 }.use { store ->
                        store.fill()
                        val appends =
                            listOf<suspend () -> BlobHandle?>(
                                { store.append(pageOf(3)) },
                                { store.append(PAGE.bytes) {} },
                                { store.appendOrNull(pageOf(3), Duration.INFINITE) },
                            )
                        waiting = appends.map { this@runTest.async { runCatching { it() } }::await }
                        runCurrent()
                    }
                    for (result in waiting) {
                        shouldThrow<StoreClosedException> { result().getOrThrow() }
                    }
                    currentTime shouldBe 0
                }
            }
        }

        "waiting for a limited time" - {
            "appendOrNull gives up after the timeout and appends nothing" {
                runTest {
                    manualStore { maxPages = 2 }.use { store ->
                        val first = store.fill()
                        store.appendOrNull(pageOf(3), 50.milliseconds).shouldBeNull()
                        currentTime shouldBe 50
                        store.acknowledge(first)
                        runCurrent()
                        store.stats().appendedBlobs() shouldBe 2
                    }
                }
            }

            "a timeout of zero or less does not wait" {
                runTest {
                    manualStore { maxPages = 2 }.use { store ->
                        val first = store.fill()
                        store.appendOrNull(pageOf(3), Duration.ZERO).shouldBeNull()
                        store.appendOrNull(pageOf(3), (-1).seconds).shouldBeNull()
                        currentTime shouldBe 0
                        store.acknowledge(first)
                        store.appendOrNull(pageOf(3), Duration.ZERO).shouldNotBeNull()
                    }
                }
            }

            "room that comes in time is used" {
                runTest {
                    manualStore { maxPages = 2 }.use { store ->
                        val first = store.fill()
                        launch {
                            delay(49.milliseconds)
                            store.acknowledge(first)
                        }
                        val handle = store.appendOrNull(pageOf(3), 50.milliseconds)
                        currentTime shouldBe 49
                        store.resolve(handle!!) shouldBe pageOf(3)
                    }
                }
            }

            "room that comes at the very end of the time is used" {
                runTest {
                    manualStore { maxPages = 2 }.use { store ->
                        val first = store.fill()
                        val waiting = async { store.appendOrNull(pageOf(3), 50.milliseconds) }
                        runCurrent()
                        launch {
                            delay(50.milliseconds)
                            store.acknowledge(first)
                        }
                        store.resolve(waiting.await()!!) shouldBe pageOf(3)
                    }
                }
            }
        }

        "a cancellation that comes after the blob was published does not take its handle" - {
            val appends: Map<String, suspend (SuspendingStore) -> BlobHandle?> =
                mapOf(
                    "append" to { it.append(pageOf(3)) },
                    "append in place" to { store -> store.append(PAGE.bytes) { it.fill(3) } },
                    "appendOrNull" to { it.appendOrNull(pageOf(3), 1.seconds) },
                )
            for ((name, append) in appends) {
                name {
                    runTest {
                        val time = CountingTimeSource()
                        manualStore {
                            maxPages = 2
                            clock = time
                        }.use { store ->
                            val first = store.fill()
                            var handle: BlobHandle? = null
                            var active = true
                            val cancelled =
                                launch {
                                    handle = append(store)
                                    active = isActive
                                }
                            runCurrent()
                            store.acknowledge(first)
                            // The engine reads the clock inside the append that now succeeds.
                            time.onRead = { cancelled.cancel() }
                            runCurrent()
                            time.onRead = {}
                            active shouldBe false
                            store.resolve(handle!!) shouldBe pageOf(3)
                        }
                    }
                }
            }
        }

        "a blob that is written in place" - {
            "is published when its writer returns" {
                runTest {
                    manualStore().use { store ->
                        val wrote = CompletableDeferred<Unit>()
                        val go = Job()
                        val append =
                            async {
                                store.append(1000.bytes) { segment ->
                                    segment.asSlice(0, 500).fill(1)
                                    wrote.complete(Unit)
                                    go.join()
                                    segment.asSlice(500).fill(2)
                                }
                            }
                        wrote.await()
                        append.isCompleted shouldBe false
                        go.complete()
                        store.resolve(append.await()) shouldBe
                            ByteArray(1000) { if (it < 500) 1 else 2 }
                    }
                }
            }

            "cannot be written any more once it is published" {
                runTest {
                    manualStore().use { store ->
                        lateinit var kept: MemorySegment
                        val handle = store.append(10.bytes) { kept = it.fill(1) }
                        shouldThrow<IllegalStateException> { kept.set(JAVA_BYTE, 0, 2) }
                        store.resolve(handle) shouldBe ByteArray(10) { 1 }
                    }
                }
            }

            "becomes padding when its writer throws" {
                runTest {
                    manualStore { maxPages = 2 }.use { store ->
                        class Failure : Exception()
                        shouldThrow<Failure> { store.append(PAGE.bytes) { throw Failure() } }
                        store.stats().liveBlobs() shouldBe 0
                        store.fill()
                    }
                }
            }

            "becomes padding when its writer is cancelled" {
                runTest {
                    manualStore { maxPages = 2 }.use { store ->
                        val cancelled = launch { store.append(PAGE.bytes) { awaitCancellation() } }
                        runCurrent()
                        store.stats().liveBlobs() shouldBe 1
                        cancelled.cancelAndJoin()
                        store.stats().liveBlobs() shouldBe 0
                        store.fill()
                    }
                }
            }

            "is refused when the store closes before its writer returns" {
                runTest {
                    manualStore().use { store ->
                        shouldThrow<StoreClosedException> {
                            store.append(10.bytes) { store.close() }
                        }
                        coroutineContext.job.isActive shouldBe true
                    }
                }
            }
        }
    })
