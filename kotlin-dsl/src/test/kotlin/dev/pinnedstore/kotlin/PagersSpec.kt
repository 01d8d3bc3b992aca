package dev.pinnedstore.kotlin

import dev.pinnedstore.pager.InvalidPageException
import dev.pinnedstore.pager.PageId
import dev.pinnedstore.pager.Pager
import dev.pinnedstore.pager.SubPageAllocator
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import java.lang.foreign.ValueLayout
import java.nio.file.FileAlreadyExistsException
import kotlin.io.path.ExperimentalPathApi
import kotlin.io.path.createTempDirectory
import kotlin.io.path.deleteRecursively

@OptIn(ExperimentalPathApi::class)
class PagersSpec :
    FreeSpec({
        suspend fun withPager(block: suspend (Pager) -> Unit) {
            val directory = createTempDirectory()
            try {
                Pager.create(directory.resolve("pages"), 1024).use { block(it) }
            } finally {
                directory.deleteRecursively()
            }
        }

        "coroutines allocate and free pages that are in use when they go on" {
            withPager { pager ->
                val ids =
                    coroutineScope { List(100) { async { pager.awaitAlloc() } }.awaitAll() }
                ids.toSet() shouldHaveSize 100
                pager.allocated().toSet() shouldBe ids.toSet()
                val more = pager.awaitAllocBulk(10)
                pager.awaitFree(ids.first())
                pager.awaitFreeBulk(ids.drop(1))
                pager.allocated().toList() shouldContainExactly more
                pager.awaitSync()
            }
        }

        "protected pages, sub-pages and roots are awaited alike" {
            withPager { pager ->
                val account = pager.protectedPages().awaitAlloc()
                account.writer().use { writer ->
                    writer.segment().fill(7)
                    writer.awaitCommit()
                }
                account.segment().get(ValueLayout.JAVA_BYTE, 0) shouldBe 7.toByte()
                val nodes = SubPageAllocator(pager, 64)
                val ids = nodes.awaitAllocBulk(20)
                nodes.awaitFree(ids.first())
                nodes.awaitFreeBulk(ids.drop(2))
                nodes.allocated().toList() shouldContainExactly listOf(ids[1])
                pager.awaitSetRoot(3, account.value())
                pager.root(3) shouldBe account.value()
            }
        }

        "a pager is copied and compacted while coroutines go on" {
            withPager { pager ->
                val ids = pager.awaitAllocBulk(200)
                pager.awaitFreeBulk(ids.take(100))
                val moved =
                    coroutineScope {
                        val moves = async { pager.awaitCompact { _, _ -> } }
                        pager.awaitAlloc()
                        moves.await()
                    }
                (moved > 0) shouldBe true
                val copy = createTempDirectory()
                try {
                    pager.awaitSnapshot(copy.resolve("copy"))
                    Pager.open(copy.resolve("copy"), 1024).use {
                        it.allocated().toList() shouldContainExactly pager.allocated().toList()
                    }
                    shouldThrow<FileAlreadyExistsException> {
                        pager.awaitSnapshot(copy.resolve("copy"))
                    }
                } finally {
                    copy.deleteRecursively()
                }
            }
        }

        "failures are those of the blocking calls" {
            withPager { pager ->
                shouldThrow<InvalidPageException> { pager.awaitFree(PageId(1)) }
                shouldThrow<IllegalArgumentException> { pager.awaitAllocBulk(-1) }
                pager.close()
                shouldThrow<IllegalStateException> { pager.awaitAlloc() }
            }
        }

        "a cancelled coroutine still gets its page, and can free it" {
            withPager { pager ->
                coroutineScope {
                    val job =
                        launch(start = CoroutineStart.UNDISPATCHED) {
                            val id = pager.awaitAlloc()
                            pager.awaitFree(id)
                        }
                    job.cancel()
                    job.join()
                }
                pager.allocated().toList() shouldHaveSize 0
            }
        }
    })
