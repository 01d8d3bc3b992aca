package dev.pinnedstore.kotlin

import dev.pinnedstore.store.StoreClosedException
import dev.pinnedstore.store.StoreEvent.Kind
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

private const val BUFFER = 64

@OptIn(ExperimentalCoroutinesApi::class)
class FlowsSpec :
    FreeSpec({
        "memory decays on the virtual clock, by hand" {
            runTest {
                manualStore { lifecycle { decayTimeout = 5.seconds } }.use { store ->
                    val handles = List(3) { store.append(pageOf(it)) }
                    handles.take(2).forEach { store.acknowledge(it) }
                    store.maintain().pagesGivenBack() shouldBe 0
                    val before = store.stats().livePages()
                    delay(6.seconds)
                    (store.maintain().pagesGivenBack() >= 2) shouldBe true
                    (store.stats().livePages() < before) shouldBe true
                }
            }
        }

        "stats" - {
            "come at once and then at every interval" {
                runTest {
                    manualStore().use { store ->
                        val counts = async { store.stats(10.seconds).take(3).toList() }
                        runCurrent()
                        repeat(2) {
                            delay(5.seconds)
                            store.append(ByteArray(1))
                            delay(5.seconds)
                        }
                        counts.await().map { it.liveBlobs() } shouldBe listOf(0L, 1L, 2L)
                        currentTime shouldBe 20_000
                    }
                }
            }

            "of a slow collector are the latest ones" {
                runTest {
                    manualStore().use { store ->
                        val times =
                            store
                                .stats(1.seconds)
                                .map {
                                    store.append(ByteArray(1))
                                    delay(10.seconds)
                                    it.liveBlobs()
                                }.take(3)
                                .toList()
                        times shouldBe listOf(0L, 1L, 2L)
                        currentTime shouldBe 30_000
                    }
                }
            }

            "end when the store is closed" {
                runTest {
                    val source = manualStore()
                    val count =
                        source.use { store ->
                            this@runTest.async { store.stats(10.seconds).toList().size }.also {
                                delay(25.seconds)
                            }
                        }
                    count.await() shouldBe 3
                    currentTime shouldBe 25_000
                }
            }

            "of a closed store are the last ones, once" {
                runTest {
                    lateinit var kept: SuspendingStore
                    manualStore().use { kept = it.apply { append(ByteArray(1)) } }
                    kept.stats().appendedBlobs() shouldBe 1
                    kept.stats(1.seconds).toList().map { it.appendedBlobs() } shouldBe listOf(1L)
                }
            }

            "need a positive interval" {
                runTest {
                    manualStore().use { store ->
                        shouldThrow<IllegalArgumentException> { store.stats(Duration.ZERO) }
                            .message shouldBe "every=0s: must be positive"
                    }
                }
            }
        }

        "events" - {
            "are told to every collector, from its start until the store is closed" {
                runTest {
                    lateinit var collected: List<suspend () -> List<Kind>>
                    manualStore { maxPages = 2 }.use { store ->
                        collected =
                            List(2) {
                                this@runTest.async {
                                    store.events().toList().map { it.kind() }
                                }::await
                            }
                        runCurrent()
                        store.acknowledge(store.fill())
                        store.maintain()
                    }
                    val (first, second) = collected.map { it() }
                    first shouldContain Kind.PAGE_EMPTIED
                    first shouldContain Kind.PAGE_REUSED
                    second shouldBe first
                }
            }

            "come from the lifecycle's thread" {
                busyStore { maxPages = 2 }.use { store ->
                    val full = async { store.events().first { it.kind() == Kind.STORE_FULL } }
                    store.fill()
                    while (full.isActive) {
                        store.tryAppend(pageOf(3))
                        delay(1)
                    }
                    full.await().bytes() shouldBe PAGE
                }
            }

            "that a collector does not take push out the oldest and hold nobody back" {
                runTest {
                    manualStore { maxPages = 2 }.use { store ->
                        store.fill()
                        val sizes =
                            async {
                                store
                                    .events()
                                    .take(1 + BUFFER)
                                    .toList()
                                    .map { it.bytes() }
                            }
                        runCurrent()
                        val asked = (1..BUFFER + 36).toList()
                        asked.forEach { store.tryAppend(ByteArray(it)) }
                        store.maintain()
                        // The first one reached the collector, which did not run before the rest came.
                        sizes.await() shouldBe
                            (asked.take(1) + asked.takeLast(BUFFER)).map { it.toLong() }
                    }
                }
            }

            "end without a trace when the collector is cancelled" {
                runTest {
                    manualStore { maxPages = 2 }.use { store ->
                        store.fill()
                        val cancelled = launch { store.events().collect {} }
                        runCurrent()
                        cancelled.cancelAndJoin()
                        store.tryAppend(pageOf(3))
                        store.maintain()
                        store.stats().lifecycleFailures() shouldBe 0
                    }
                }
            }

            "of a closed store are refused" {
                runTest {
                    lateinit var kept: SuspendingStore
                    manualStore().use { kept = it }
                    shouldThrow<StoreClosedException> { kept.events().toList() }
                }
            }
        }
    })
