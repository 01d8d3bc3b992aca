package dev.pinnedstore.kotlin

import dev.pinnedstore.store.StoreConfig
import kotlin.contracts.ExperimentalContracts
import kotlin.contracts.InvocationKind
import kotlin.contracts.contract

/**
 * Describes a store with its lifecycle, and opens nothing.
 *
 * ```
 * pinnedStore {
 *     pageSize = 2.MB
 *     lifecycle { decayTimeout = 5.seconds }
 * }.use { store ->
 *     val handle = store.append(bytes)
 *     store.view(handle) { segment -> … }
 *     store.acknowledge(handle)
 * }
 * ```
 *
 * **Thread safety.** The result is immutable.
 *
 * @param from the settings to begin with
 * @param configure changes them, called once
 * @return what [PinnedStoreSource.use] and [PinnedStoreSource.openIn] open
 * @throws IllegalArgumentException when a value is out of range, naming field, value and range
 */
@OptIn(ExperimentalContracts::class)
public fun pinnedStore(
    from: StoreConfig = StoreConfig.defaults(),
    configure: PinnedStoreBuilder.() -> Unit = {},
): PinnedStoreSource {
    contract { callsInPlace(configure, InvocationKind.EXACTLY_ONCE) }
    return PinnedStoreBuilder(from).apply(configure).source()
}

/**
 * The settings of a store and of its lifecycle.
 *
 * **Thread safety.** None: used by the one thread that runs the block.
 */
@PinnedStoreDsl
public class PinnedStoreBuilder internal constructor(
    from: StoreConfig,
) : StoreConfigBuilder(from) {
    private val lifecycle = LifecycleBuilder(from, settings)

    /** Sets when memory comes and goes; without it a lifecycle runs cycles every 100 ms. */
    public fun lifecycle(configure: LifecycleBuilder.() -> Unit) {
        lifecycle.configure()
    }

    internal fun source(): PinnedStoreSource =
        PinnedStoreSource(build(), lifecycle.interval.takeIf { lifecycle.runs })
}
