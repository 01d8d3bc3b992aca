package dev.pinnedstore.kotlin

import dev.pinnedstore.pager.InvalidPageException
import dev.pinnedstore.pager.PageId
import dev.pinnedstore.pager.Pager
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
