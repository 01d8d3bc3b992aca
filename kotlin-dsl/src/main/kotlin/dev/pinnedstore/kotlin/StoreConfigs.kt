package dev.pinnedstore.kotlin

import dev.pinnedstore.store.Backend
import dev.pinnedstore.store.StoreConfig
import dev.pinnedstore.store.Ticker
import kotlin.contracts.ExperimentalContracts
import kotlin.contracts.InvocationKind
import kotlin.contracts.contract
import kotlin.time.Duration
import kotlin.time.TimeSource
import kotlin.time.toJavaDuration
import kotlin.time.toKotlinDuration

/**
 * Describes a store's settings.
 *
 * ```
 * val config = storeConfig(StoreConfig.performance()) { maxBytes = 4.GB }
 * ```
 *
 * **Thread safety.** The result is immutable.
 *
 * @param from the settings to begin with
 * @param configure changes them, called once
 * @return the settings
 * @throws IllegalArgumentException when a value is out of range, naming field, value and range
 */
@OptIn(ExperimentalContracts::class)
public fun storeConfig(
    from: StoreConfig = StoreConfig.defaults(),
    configure: StoreConfigBuilder.() -> Unit,
): StoreConfig {
    contract { callsInPlace(configure, InvocationKind.EXACTLY_ONCE) }
    return StoreConfigBuilder(from).apply(configure).build()
}

/**
 * The settings of a store, under the names that [StoreConfig] gives them. A value out of range is
 * an [IllegalArgumentException] as soon as it is set; that [maxBytes] and a
 * virtual range are at least [pageSize] is checked at the end.
 *
 * **Thread safety.** None: used by the one thread that runs the block.
 */
@PinnedStoreDsl
public open class StoreConfigBuilder internal constructor(
    from: StoreConfig,
) {
    internal val settings: StoreConfig.Builder = from.toBuilder()

    /** Where the bytes live: [segmented], [virtual] or [shared]. */
    public var backend: Backend = from.backend()
        set(value) {
            settings.backend(value)
            field = value
        }

    /**
     * The size of a page, a multiple of 4 KiB up to 1 GiB; a larger blob gets a page of its own.
     * Not for [shared], which has [SharedBuilder.chunkSize].
     */
    public var pageSize: ByteSize = ByteSize.of(from.pageSize())
        set(value) {
            settings.pageSize(value.bytes)
            field = value
        }

    /**
     * How many pages may hold memory at a time; [Int.MAX_VALUE] means unlimited. Not for [shared],
     * which has [SharedBuilder.maxChunks].
     */
    public var maxPages: Int = from.maxPages()
        set(value) {
            settings.maxPages(value)
            field = value
        }

    /** How much memory the pages may hold at a time. */
    public var maxBytes: ByteSize = ByteSize.of(from.maxBytes())
        set(value) {
            settings.maxBytes(value.bytes)
            field = value
        }

    /**
     * The age of its newest blob at which a page expires, 1 ms to 365 days, or [Duration.INFINITE]:
     * nothing expires. Never set, it reads as infinite and leaves the choice to the backend: 30 s
     * for [shared], as a consumer may die, and no end for the others.
     */
    public var ttl: Duration = from.ttl().map { it.toKotlinDuration() }.orElse(Duration.INFINITE)
        set(value) {
            if (value == Duration.INFINITE) {
                settings.noTtl()
            } else {
                settings.ttl(value.toJavaDuration())
            }
            field = value
        }

    /**
     * The clock of decay and TTL; null stands for a clock that is no Kotlin time source, and sets
     * the system's. Called on any thread, so it must be safe for threads.
     */
    public var clock: TimeSource.WithComparableMarks? = (from.clock() as? TimeSourceTicker)?.source
        set(value) {
            settings.clock(value?.let(::TimeSourceTicker) ?: Ticker.system())
            field = value
        }

    /** The [backend] of fixed pages, each its own piece of memory in this process. */
    public fun segmented(): Backend = Backend.segmented()

    /**
     * The [backend] of pages side by side in one range of addresses that never moves. It needs
     * native access: without it, opening the store refuses and names the flag.
     *
     * @param configure sets the size of the range, called once
     */
    @OptIn(ExperimentalContracts::class)
    public fun virtual(configure: VirtualBuilder.() -> Unit = {}): Backend {
        contract { callsInPlace(configure, InvocationKind.EXACTLY_ONCE) }
        return VirtualBuilder().apply(configure).backend
    }

    /**
     * The [backend] of chunks in files that processes share, under a name that they know. Opening
     * the store creates the namespace; other processes join it with [attachedStore].
     *
     * @param namespace 1 to 200 bytes without a slash
     * @param configure sets the rest, called once
     */
    @OptIn(ExperimentalContracts::class)
    public fun shared(
        namespace: String,
        configure: SharedBuilder.() -> Unit = {},
    ): Backend {
        contract { callsInPlace(configure, InvocationKind.EXACTLY_ONCE) }
        return SharedBuilder(namespace).apply(configure).backend
    }

    internal fun build(): StoreConfig = settings.build()
}
