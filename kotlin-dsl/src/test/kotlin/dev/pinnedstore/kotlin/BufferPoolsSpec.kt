package dev.pinnedstore.kotlin

import dev.pinnedstore.pool.BufferPool
import dev.pinnedstore.pool.BufferPoolClosedException
import dev.pinnedstore.pool.PageStorage
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancel
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.yield
import java.lang.foreign.ValueLayout.JAVA_LONG
import java.nio.file.Files
import kotlin.io.path.deleteExisting
import kotlin.io.path.deleteIfExists
import kotlin.io.path.div
import kotlin.time.Duration.Companion.seconds

/** Coroutines that share the pages of a pool. */
class BufferPoolsSpec :
    FreeSpec({
        suspend fun withPool(
            frames: Int,
            block: suspend (BufferPool) -> Unit,
        ) {
            BufferPool
                .builder()
                .storage(PageStorage.memory())
                .frames(frames)
                .build()
                .use { block(it) }
        }

        "settings are those of the builder" {
            val directory = Files.createTempDirectory("pool")
            val path = directory / "pages"
            bufferPool(path) {
                frames = 7
                pageSize = 8.KB
                flushInterval = 3.seconds
                frames += 1
            }.use { pool ->
                pool.config().frames() shouldBe 8
                pool.config().pageSize() shouldBe 8192
                pool.config().flushInterval().toMillis() shouldBe 3000
                pool.newPage().use { it.markDirty(1) }
            }
            Files.size(path) shouldBe 8192
            path.deleteExisting()
            (directory / "pages.dwb").deleteIfExists()
            (directory / "pages.lock").deleteIfExists()
            directory.deleteExisting()
        }

        "a page size that no pool has is refused by name" {
            shouldThrow<IllegalArgumentException> {
                BufferPool.builder().pageSize = 4.GB
            }.message shouldBe
                "pageSize=4294967296: must be a power of two between 4096 and 2097152 bytes"
        }

        "many coroutines on few threads lose no change" {
            withPool(4) { pool ->
                withContext(Dispatchers.Default) {
                    repeat(50) { worker ->
                        launch {
                            repeat(40) { round ->
                                val id = (worker + round) % 10L
                                pool.write(id) { page ->
                                    val data = page.segment()
                                    data.set(JAVA_LONG, 0, data.get(JAVA_LONG, 0) + 1)
                                    yield()
                                    page.markDirty(1)
                                }
                                pool.read(id) { it.get(JAVA_LONG, 0) > 0 } shouldBe true
                            }
                        }
                    }
                }
                pool.scan(0L..9L) { _, page -> page.get(JAVA_LONG, 0) }.toList().sum() shouldBe 2000
                pool.stats().pinnedFrames() shouldBe 0
            }
        }

        "a scan is cold and in order, and reads no further than it is collected" {
            withPool(16) { pool ->
                repeat(10) { i ->
                    pool.newPage().use { page ->
                        page.segment().set(JAVA_LONG, 0, 100L + i)
                        page.markDirty(1)
                    }
                }
                val ids = mutableListOf<Long>()
                val scan =
                    pool.scan(3L..8L) { id, page ->
                        ids += id
                        page.get(JAVA_LONG, 0)
                    }
                ids shouldContainExactly emptyList()
                scan.take(2).toList() shouldContainExactly listOf(103L, 104L)
                scan.toList() shouldContainExactly (103L..108L).toList()
                pool.stats().pinnedFrames() shouldBe 0
            }
        }

        "a cancelled coroutine leaves no page pinned" {
            withPool(4) { pool ->
                repeat(200) { round ->
                    coroutineScope {
                        val reader =
                            launch(Dispatchers.Default, CoroutineStart.UNDISPATCHED) {
                                pool.read(round % 20L) { it.get(JAVA_LONG, 0) }
                            }
                        reader.cancelAndJoin()
                    }
                }
                pool.stats().pinnedFrames() shouldBe 0
                coroutineScope {
                    launch(start = CoroutineStart.UNDISPATCHED) {
                        cancel()
                        shouldThrow<CancellationException> { pool.read(1) { 1 } }
                    }
                }
            }
        }

        "what the pool says comes through as it is" {
            withPool(4) { pool ->
                shouldThrow<IllegalArgumentException> { pool.read(-1) { 1 } }
                shouldThrow<IllegalStateException> {
                    pool.write(
                        1,
                    ) { error("mine") }
                }.message shouldBe
                    "mine"
                pool.stats().pinnedFrames() shouldBe 0
                pool.close()
                shouldThrow<BufferPoolClosedException> { pool.read(1) { 1 } }
                shouldThrow<BufferPoolClosedException> { pool.write(1) { 1 } }
            }
        }
    })
