package dev.pinnedstore.samples.service

import dev.pinnedstore.kotlin.SuspendingStore
import dev.pinnedstore.store.StoreStats
import io.micrometer.core.instrument.FunctionCounter
import io.micrometer.core.instrument.Gauge
import io.micrometer.core.instrument.Timer
import io.micrometer.prometheusmetrics.PrometheusConfig
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry

/** What is so now, by name. */
private val GAUGES: Map<String, (StoreStats) -> Long> =
    mapOf(
        "livePages" to StoreStats::livePages,
        "readyPages" to StoreStats::readyPages,
        "committedBytes" to StoreStats::committedBytes,
        "peakCommittedBytes" to StoreStats::peakCommittedBytes,
        "tableBytes" to StoreStats::tableBytes,
        "waitingBytes" to StoreStats::waitingBytes,
        "liveBlobs" to StoreStats::liveBlobs,
    )

/** What only grows, by name. */
private val COUNTERS: Map<String, (StoreStats) -> Long> =
    mapOf(
        "pagesMade" to StoreStats::pagesMade,
        "pagesReused" to StoreStats::pagesReused,
        "pagesGivenBack" to StoreStats::pagesGivenBack,
        "appendedBlobs" to StoreStats::appendedBlobs,
        "stalls" to StoreStats::stalls,
        "stallNanos" to StoreStats::stallNanos,
        "storeFull" to StoreStats::storeFull,
        "lifecycleCycles" to StoreStats::lifecycleCycles,
        "lifecycleFailures" to StoreStats::lifecycleFailures,
        "eventsLost" to StoreStats::eventsLost,
    )

/** The figures as a JSON object, under the names of [StoreStats]. */
internal fun statsJson(stats: StoreStats): String =
    (GAUGES + COUNTERS).entries.joinToString(",\n  ", "{\n  ", "\n}") { (name, figure) ->
        "\"$name\": ${figure(stats)}"
    }

/**
 * The figures of the store and the times of requests, for Prometheus.
 *
 * **Thread safety.** Safe.
 */
internal class Metrics(
    private val store: SuspendingStore,
) {
    private val registry = PrometheusMeterRegistry(PrometheusConfig.DEFAULT)

    /** As of the last scrape: all figures of one are of the same walk over the pages. */
    @Volatile
    private var stats = store.stats()

    init {
        for ((name, figure) in GAUGES) {
            Gauge.builder(metric(name), this) { figure(it.stats).toDouble() }.register(registry)
        }
        for ((name, figure) in COUNTERS) {
            FunctionCounter
                .builder(metric(name), this) { figure(it.stats).toDouble() }
                .register(registry)
        }
    }

    fun scrape(): String {
        stats = store.stats()
        return registry.scrape().trimEnd()
    }

    /** Times a request, whose block returns its status. */
    inline fun time(
        method: String,
        request: () -> Int,
    ) {
        val sample = Timer.start(registry)
        var status = CLIENT_GONE
        try {
            status = request()
        } finally {
            sample.stop(registry.timer("http.requests", "method", method, "status", "$status"))
        }
    }

    private fun metric(name: String): String =
        "pinned.store." + name.replace(Regex("[A-Z]")) { "." + it.value.lowercase() }

    companion object {
        const val CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

        /** What other servers note for a request that got no answer. */
        private const val CLIENT_GONE = 499
    }
}
