package dev.pinnedstore.kotlin

import dev.pinnedstore.store.StoreConfig
import kotlin.time.Duration
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.toJavaDuration
import kotlin.time.toKotlinDuration

/**
 * When memory comes and goes, and who sees to it. A value out of range is an
 * [IllegalArgumentException] as soon as it is set.
 *
 * **Thread safety.** None: used by the one thread that runs the block.
 */
@PinnedStoreDsl
public class LifecycleBuilder internal constructor(
    from: StoreConfig,
    private val settings: StoreConfig.Builder,
) {
    internal var runs: Boolean = true
        private set

    /** How full a page is when, at the latest, the next one is made ready: 0.1 to 1.0. */
    public var prefetchThreshold: Double = from.prefetchThreshold()
        set(value) {
            settings.prefetchThreshold(value)
            field = value
        }

    /** How long an empty page is kept after its last acknowledgement: 1 ms to 365 days. */
    public var decayTimeout: Duration = from.decayTimeout().toKotlinDuration()
        set(value) {
            settings.decayTimeout(value.toJavaDuration())
            field = value
        }

    /** The longest pause between two cycles, 1 ms to 1 h; while pages fill they come faster. */
    public var interval: Duration = 100.milliseconds
        set(value) {
            require(value in SHORTEST..LONGEST) {
                "interval=$value: must be between $SHORTEST and $LONGEST"
            }
            field = value
        }

    /**
     * Starts no thread: cycles run when [SuspendingStore.maintain] is called. For tests, with
     * [StoreConfigBuilder.clock]; [interval] then means nothing.
     */
    public fun manual() {
        runs = false
    }

    private companion object {
        val SHORTEST = 1.milliseconds
        val LONGEST = 1.hours
    }
}
