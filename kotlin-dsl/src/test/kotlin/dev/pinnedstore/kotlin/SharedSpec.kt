package dev.pinnedstore.kotlin

import dev.pinnedstore.store.Backend
import dev.pinnedstore.store.BlobHandle
import dev.pinnedstore.store.NamespaceException
import dev.pinnedstore.store.StoreConfig
import dev.pinnedstore.store.StoreFullException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FreeSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldNotBeEmpty
import io.kotest.matchers.nulls.shouldBeNull
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.Runnable
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.job
import kotlinx.coroutines.runInterruptible
import kotlinx.coroutines.withContext
import java.nio.file.Path
import java.util.concurrent.atomic.AtomicInteger
import kotlin.coroutines.CoroutineContext
import kotlin.io.path.listDirectoryEntries
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import java.time.Duration as JavaDuration

/** Counts how often a coroutine comes back to it from elsewhere. */
private class CountingDispatcher : CoroutineDispatcher() {
    val count = AtomicInteger()

    override fun dispatch(
        context: CoroutineContext,
        block: Runnable,
    ) {
        count.incrementAndGet()
        Dispatchers.Default.dispatch(context, block)
    }
}

/** Acknowledges the blobs whose handles come as lines, and echoes each line; in another JVM. */
internal object Acknowledger {
    @JvmStatic
    fun main(args: Array<String>) {
        val config =
            StoreConfig
                .builder()
                .backend(Backend.shared(args[0]).directory(Path.of(args[1])))
                .build()
        dev.pinnedstore.store.PinnedStore.attach(args[0], config).use { store ->
            for (line in generateSequence(::readlnOrNull)) {
                check(store.acknowledge(BlobHandle.fromHex(line)))
                println(line)
            }
        }
    }
}

class SharedSpec :
    FreeSpec({
        val directory = tempdir().toPath()

        fun described(configure: PinnedStoreBuilder.() -> Unit = {}): PinnedStoreSource =
            pinnedStore {
                backend =
                    shared("orders") {
                        chunkSize = (PAGE + HEADER).bytes
                        maxChunks = 2
                        this.directory = directory
                    }
                lifecycle { interval = 1.milliseconds }
                configure()
            }

        fun attached(): PinnedStoreSource =
            attachedStore("orders") { backend = shared("orders") { this.directory = directory } }

        afterTest { directory.listDirectoryEntries().shouldBeEmpty() }

        "every setting reaches the config, and what is untouched is unset" {
            val config =
                storeConfig {
                    backend =
                        shared("orders") {
                            chunkSize shouldBe 32.MB
                            maxChunks shouldBe Long.MAX_VALUE
                            this.directory shouldBe Path.of("/dev/shm")
                            chunkSize = 1.MB
                            maxChunks = 64
                            this.directory = directory
                        }
                }
            val java = Backend.shared("orders").chunkSize(1 shl 20).maxChunks(64)
            config shouldBe
                StoreConfig.builder().backend(java.directory(directory)).build()
            storeConfig { backend = shared("orders") }.backend() shouldBe Backend.shared("orders")
            storeConfig(StoreConfig.memoryEfficient()) { backend = shared("orders") }
        }

        "a setting of pages beside it is refused and the one to use is named" {
            shouldThrow<IllegalArgumentException> {
                storeConfig {
                    backend = shared("orders")
                    pageSize = 1.MB
                }
            }.message shouldContain "chunkSize"
            shouldThrow<IllegalArgumentException> {
                storeConfig {
                    maxPages = 2
                    backend = shared("orders")
                }
            }.message shouldContain "maxChunks"
        }

        "a value out of range is refused as soon as it is set" {
            shouldThrow<IllegalArgumentException> { storeConfig { shared("a/b") } }
                .message shouldContain "namespace"
            shouldThrow<IllegalArgumentException> {
                storeConfig { shared("orders") { chunkSize = 64.bytes } }
            }.message shouldContain "chunkSize=64"
            shouldThrow<IllegalArgumentException> {
                storeConfig { shared("orders") { maxChunks = 0 } }
            }.message shouldContain "maxChunks=0"
        }

        "what attaches has to name the namespace" {
            shouldThrow<IllegalArgumentException> {
                attachedStore("orders") { backend = segmented() }
            }.message shouldBe "backend=segmented: must be shared(\"orders\")"
            shouldThrow<IllegalArgumentException> {
                attachedStore("orders") { backend = shared("bills") }
            }.message shouldContain "namespace=bills"
        }

        "two stores exchange blobs by handles, and the TTL is 30 s unless it is set" {
            described().use { orders ->
                attached().use { other ->
                    other.config.ttl().get() shouldBe JavaDuration.ofSeconds(30)
                    (other.config.backend() as Backend.Shared).maxChunks() shouldBe 2
                    val handle = orders.append(pageOf(1))
                    other.resolve(handle) shouldBe pageOf(1)
                    other.view(handle) { it.byteSize() } shouldBe PAGE
                    other.acknowledge(handle) shouldBe true
                    orders.acknowledge(handle) shouldBe false
                    orders.maintain()
                }
            }
        }

        "there is one creator, and nothing to attach to without it" {
            shouldThrow<NamespaceException> { attached().use {} }
                .reason() shouldBe NamespaceException.Reason.MISSING
            described().use {
                shouldThrow<NamespaceException> { described().use {} }
                    .reason() shouldBe NamespaceException.Reason.IN_USE
            }
        }

        "a scope that is cancelled closes the store and removes its files" {
            val scope = CoroutineScope(Job())
            val store = described().openIn(scope)
            store.append(pageOf(1))
            directory.listDirectoryEntries().shouldNotBeEmpty()
            scope.coroutineContext.job.cancelAndJoin()
            store.lifecycleThreads().shouldBeEmpty()
        }

        "the first blob of a chunk is copied on another thread, the others are not" {
            described().use { orders ->
                val handles = List(2) { orders.append(ByteArray(100)) }
                // Who is back before the coroutine suspends needs no dispatch, so not each time.
                val hops =
                    List(50) {
                        attached().use { other ->
                            val dispatcher = CountingDispatcher()
                            withContext(dispatcher) {
                                val before = dispatcher.count.get()
                                other.resolve(handles[0])
                                val after = dispatcher.count.get()
                                other.resolve(handles[1])
                                other.resolve(handles[0])
                                dispatcher.count.get() shouldBe after
                                after - before
                            }
                        }
                    }
                hops.max() shouldBe 1
            }
        }

        "room that another store makes is noticed" - {
            "in this process" {
                described().use { orders ->
                    attached().use { other ->
                        val first = orders.fill()
                        orders.tryAppend(pageOf(3)).shouldBeNull()
                        val waiting = async(Dispatchers.Default) { orders.append(pageOf(3)) }
                        // The engine counts a refusal before it waits.
                        orders.stats(every = 1.milliseconds).first { it.storeFull() >= 2 }
                        other.acknowledge(first) shouldBe true
                        other.resolve(waiting.await()) shouldBe pageOf(3)
                    }
                }
            }

            "in another process" {
                described().use { orders ->
                    val child =
                        ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Acknowledger::class.java.name,
                            "orders",
                            directory.toString(),
                        ).redirectError(ProcessBuilder.Redirect.INHERIT).start()
                    try {
                        var held = listOf(orders.fill())
                        repeat(3) { round ->
                            shouldThrow<StoreFullException> { orders.engine.append(pageOf(9)) }
                            val waiting = async { orders.append(pageOf(round)) }
                            val line = held.last().toHex()
                            child.outputStream.write("$line\n".toByteArray())
                            child.outputStream.flush()
                            runInterruptible(Dispatchers.IO) {
                                child.inputReader().readLine()
                            } shouldBe line
                            held = held + waiting.await()
                        }
                        orders.resolve(held.last()) shouldBe pageOf(2)
                    } finally {
                        child.outputStream.close()
                        runInterruptible(Dispatchers.IO) { child.waitFor() }
                    }
                    child.exitValue() shouldBe 0
                }
            }
        }

        "a wait that ends in time gives its handle, one that does not appends nothing" {
            described().use { orders ->
                val first = orders.fill()
                orders.appendOrNull(pageOf(3), 5.milliseconds).shouldBeNull()
                orders.acknowledge(first)
                val handle = orders.appendOrNull(pageOf(3), 60.seconds)!!
                orders.resolve(handle) shouldBe pageOf(3)
            }
        }
    })

/** What a chunk file begins with, in bytes. */
private const val HEADER = 64
