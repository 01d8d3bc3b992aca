package dev.pinnedstore.kotlin

import dev.pinnedstore.store.Backend
import dev.pinnedstore.store.PinnedStore
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
 * Describes a store that joins a namespace which another process has created, and opens nothing.
 *
 * ```
 * attachedStore("orders").use { store ->
 *     handles.consumeEach(store) { segment -> … }
 * }
 * ```
 *
 * Chunk size, limits and TTL are those of the namespace; the lifecycle's settings are this
 * process's own. Files elsewhere than in `/dev/shm` need
 * `backend = shared(namespace) { directory = … }`.
 *
 * **Thread safety.** The result is immutable.
 *
 * @param namespace its name
 * @param configure changes the settings, called once
 * @return what [PinnedStoreSource.use] and [PinnedStoreSource.openIn] attach; they throw
 *   [dev.pinnedstore.store.NamespaceException] when there is no such namespace
 * @throws IllegalArgumentException when a value is out of range, naming field, value and range, or
 *   the backend is not this namespace
 */
@OptIn(ExperimentalContracts::class)
public fun attachedStore(
    namespace: String,
    configure: PinnedStoreBuilder.() -> Unit = {},
): PinnedStoreSource {
    contract { callsInPlace(configure, InvocationKind.EXACTLY_ONCE) }
    val from = StoreConfig.builder().backend(Backend.shared(namespace)).build()
    val source =
        PinnedStoreBuilder(
            from,
        ).apply(configure).source { PinnedStore.attach(namespace, it) }
    val backend = source.config.backend()
    require(backend is Backend.Shared && backend.namespace() == namespace) {
        "backend=$backend: must be shared(\"$namespace\")"
    }
    return source
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

    internal fun source(open: (StoreConfig) -> PinnedStore = PinnedStore::open): PinnedStoreSource =
        PinnedStoreSource(build(), lifecycle.interval.takeIf { lifecycle.runs }, open)
}
