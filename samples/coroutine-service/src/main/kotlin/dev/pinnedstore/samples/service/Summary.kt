package dev.pinnedstore.samples.service

import dev.pinnedstore.store.StoreStats
import java.util.Locale
import kotlin.time.Duration

/** What a run came to. */
data class Summary(
    val options: Options,
    val produced: Tally,
    val consumed: Tally,
    val elapsed: Duration,
    val stats: StoreStats,
) {
    /** Whether each order that was asked for was produced and consumed once. */
    val isRight: Boolean get() = produced == consumed && consumed.orders == options.orders

    override fun toString(): String {
        val seconds = elapsed.inWholeNanoseconds.coerceAtLeast(1) / 1e9
        return listOf(
            "${consumed.orders} orders checked by ${options.workers} workers: " +
                if (isRight) "all right" else "NOT RIGHT, ${produced.orders} were produced",
            "%.2f s, %.0f orders/s, %s/s".format(
                Locale.ROOT,
                seconds,
                consumed.orders / seconds,
                megabytes((consumed.bytes / seconds).toLong()),
            ),
            "pages: ${stats.pagesMade()} made, ${stats.pagesReused()} reused, " +
                "${stats.pagesGivenBack()} given back",
            "memory: at most ${megabytes(stats.peakCommittedBytes())} of ${options.memory} for " +
                "${megabytes(consumed.bytes)} of orders, ${megabytes(stats.committedBytes())} now",
            "back-pressure: the producer found the store full ${stats.storeFull()} times",
        ).joinToString("\n")
    }

    private fun megabytes(bytes: Long): String =
        "%.1f MiB".format(Locale.ROOT, bytes.toDouble() / (1 shl 20))
}
