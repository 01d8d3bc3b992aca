package dev.pinnedstore.kotlin

import dev.pinnedstore.store.BlobHandle
import kotlinx.coroutines.test.TestScope
import java.util.concurrent.atomic.AtomicLong
import kotlin.time.AbstractLongTimeSource
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.DurationUnit

/** The size of a page of the stores under test, in bytes. */
internal const val PAGE = 4096

/** A store of small pages without a thread, whose clock is the test's virtual one. */
internal fun TestScope.manualStore(
    configure: PinnedStoreBuilder.() -> Unit = {},
): PinnedStoreSource =
    pinnedStore {
        pageSize = PAGE.bytes
        clock = testScheduler.timeSource
        lifecycle { manual() }
        configure()
    }

/** A store of small pages with a thread that looks after it as often as it may. */
internal fun busyStore(configure: PinnedStoreBuilder.() -> Unit = {}): PinnedStoreSource =
    pinnedStore {
        pageSize = PAGE.bytes
        lifecycle { interval = 1.milliseconds }
        configure()
    }

/** A blob that fills a page. */
internal fun pageOf(content: Int): ByteArray = ByteArray(PAGE) { content.toByte() }

/** Fills a store of two pages; the first page is sealed, so acknowledging its blob makes room. */
internal suspend fun SuspendingStore.fill(): BlobHandle {
    val first = append(pageOf(1))
    append(pageOf(2))
    return first
}

/** The threads that run lifecycle cycles of this store now. */
internal fun SuspendingStore.lifecycleThreads(): List<String> {
    val name = toString().substringBefore('[')
    return Thread
        .getAllStackTraces()
        .keys
        .map { it.name }
        .filter { it == "$name-lifecycle" }
}

/** A clock that stands still, counts how often it is read, and calls [onRead] each time. */
internal class CountingTimeSource : AbstractLongTimeSource(DurationUnit.NANOSECONDS) {
    val reads = AtomicLong()

    @Volatile
    var onRead: () -> Unit = {}

    override fun read(): Long {
        reads.incrementAndGet()
        onRead()
        return 0
    }
}
