package dev.pinnedstore.kotlin

import dev.pinnedstore.store.StoreClosedException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.comparables.shouldBeGreaterThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.shouldNotBe
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancel
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.withContext
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

private val blob = ByteArray(10)

private class Failure : Exception()

private fun SuspendingStore.isClosed(): Boolean =
    runCatching { engine.roomFor(1) }.exceptionOrNull() is StoreClosedException

@OptIn(ExperimentalCoroutinesApi::class)
class PinnedStoreSourceSpec :
    FreeSpec({
        "nothing is opened before use" {
            val time = CountingTimeSource()
            val source = pinnedStore { clock = time }
            val described = time.reads.get()
            source.config.clock() shouldNotBe null
            source.toString()
            time.reads.get() shouldBe described
            source.use {}
            time.reads.get() shouldBeGreaterThan described
        }

        "use" - {
            "returns what its block returns" {
                busyStore().use { store -> store.resolve(store.append(blob)) } shouldBe blob
            }

            "opens a store of its own each time" {
                runTest {
                    val source = manualStore()
                    source.use { outer ->
                        val handle = outer.append(blob)
                        source.use { inner -> inner.stats().liveBlobs() shouldBe 0 }
                        outer.resolve(handle) shouldBe blob
                    }
                }
            }

            "closes the store after the last child of the block" {
                runTest {
                    lateinit var kept: SuspendingStore
                    var childClosed: Boolean? = null
                    manualStore().use { store ->
                        kept = store
                        launch {
                            delay(10.minutes)
                            store.resolve(store.append(blob)) shouldBe blob
                            childClosed = store.isClosed()
                        }
                    }
                    childClosed shouldBe false
                    kept.isClosed() shouldBe true
                }
            }

            "closes the store and throws what the block throws" {
                lateinit var kept: SuspendingStore
                shouldThrow<Failure> {
                    busyStore().use { store ->
                        kept = store
                        throw Failure()
                    }
                }
                kept.isClosed() shouldBe true
                kept.lifecycleThreads().shouldBeEmpty()
            }

            "cancels the block, closes the store and throws what a child throws" {
                lateinit var kept: SuspendingStore
                shouldThrow<Failure> {
                    busyStore().use { store ->
                        kept = store
                        launch { throw Failure() }
                        awaitCancellation()
                    }
                }
                kept.isClosed() shouldBe true
                kept.lifecycleThreads().shouldBeEmpty()
            }

            "closes the store when it is cancelled, after children have cleaned up" {
                runTest {
                    lateinit var kept: SuspendingStore
                    var cleanedUp = false
                    val running =
                        launch {
                            manualStore().use { store ->
                                kept = store
                                launch {
                                    try {
                                        awaitCancellation()
                                    } finally {
                                        withContext(NonCancellable) {
                                            delay(1.seconds)
                                            store.resolve(store.append(blob)) shouldBe blob
                                            cleanedUp = true
                                        }
                                    }
                                }
                            }
                        }
                    runCurrent()
                    running.cancelAndJoin()
                    running.isCancelled shouldBe true
                    cleanedUp shouldBe true
                    kept.isClosed() shouldBe true
                }
            }

            "opens nothing in a coroutine that is cancelled already" {
                runTest {
                    val time = CountingTimeSource()
                    val source = manualStore { clock = time }
                    val described = time.reads.get()
                    var ran = false
                    launch(start = CoroutineStart.UNDISPATCHED) {
                        cancel()
                        source.use { ran = true }
                    }.join()
                    ran shouldBe false
                    time.reads.get() shouldBe described
                }
            }

            "runs the lifecycle while the block runs and no longer" {
                lateinit var kept: SuspendingStore
                busyStore().use { store ->
                    kept = store
                    store.lifecycleThreads() shouldHaveSize 1
                    store.stats(every = 1.milliseconds).first { it.lifecycleCycles() >= 3 }
                }
                kept.lifecycleThreads().shouldBeEmpty()
            }

            "runs a lifecycle unless it is asked not to" {
                pinnedStore().use { it.lifecycleThreads() shouldHaveSize 1 }
                runTest { manualStore().use { it.lifecycleThreads().shouldBeEmpty() } }
            }

            "runs under a test's scheduler without moving its time" {
                runTest {
                    busyStore().use { store ->
                        store.resolve(store.append(blob)) shouldBe blob
                    }
                    testScheduler.currentTime shouldBe 0
                }
            }

            "may be closed early, and twice" {
                lateinit var kept: SuspendingStore
                busyStore().use { store ->
                    kept = store
                    store.close()
                    store.isClosed() shouldBe true
                    store.lifecycleThreads().shouldBeEmpty()
                    store.close()
                }
                kept.close()
            }

            "is closed even by a coroutine that is cancelled" {
                val store = busyStore().openIn(CoroutineScope(Job()))
                CoroutineScope(Dispatchers.Default)
                    .launch {
                        cancel()
                        store.close()
                    }.join()
                store.isClosed() shouldBe true
                store.lifecycleThreads().shouldBeEmpty()
            }
        }

        "openIn" - {
            "closes the store before the cancelled scope has ended" {
                val scope = CoroutineScope(Job())
                val store = busyStore().openIn(scope)
                store.resolve(store.append(blob)) shouldBe blob
                store.lifecycleThreads() shouldHaveSize 1
                scope.coroutineContext.job.cancelAndJoin()
                store.isClosed() shouldBe true
                store.lifecycleThreads().shouldBeEmpty()
            }

            "closes all its stores after the scope's other children" {
                runTest {
                    val scope = CoroutineScope(coroutineContext + Job())
                    val stores = List(2) { manualStore().openIn(scope) }
                    var cleanedUp = false
                    scope.launch {
                        try {
                            awaitCancellation()
                        } finally {
                            withContext(NonCancellable) {
                                delay(1.seconds)
                                stores.forEach { it.resolve(it.append(blob)) shouldBe blob }
                                cleanedUp = true
                            }
                        }
                    }
                    runCurrent()
                    scope.coroutineContext.job.cancelAndJoin()
                    cleanedUp shouldBe true
                    stores.map { it.isClosed() } shouldBe listOf(true, true)
                }
            }

            "ends with the scope on a test's scheduler" {
                runTest {
                    val scope = CoroutineScope(coroutineContext + Job())
                    val store = manualStore().openIn(scope)
                    store.resolve(store.append(blob)) shouldBe blob
                    scope.cancel()
                    store.isClosed() shouldBe false
                    runCurrent()
                    store.isClosed() shouldBe true
                }
            }

            "lets go of the scope when the store is closed by hand" {
                val scope = CoroutineScope(Job())
                val store = busyStore().openIn(scope)
                store.close()
                scope.coroutineContext.job.children
                    .forEach { it.join() }
                scope.coroutineContext.job.isActive shouldBe true
                store.isClosed() shouldBe true
                scope.cancel()
            }

            "refuses a scope that has ended, and opens nothing" {
                val time = CountingTimeSource()
                val source = pinnedStore { clock = time }
                val described = time.reads.get()
                val scope = CoroutineScope(Job().apply { complete() })
                val refused = shouldThrow<IllegalStateException> { source.openIn(scope) }
                (refused is CancellationException) shouldBe false
                refused.message shouldBe "scope=$scope: must be active"
                time.reads.get() shouldBe described
            }
        }
    })
