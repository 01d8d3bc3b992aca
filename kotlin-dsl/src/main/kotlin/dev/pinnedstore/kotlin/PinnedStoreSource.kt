package dev.pinnedstore.kotlin

import dev.pinnedstore.store.Backend
import dev.pinnedstore.store.PinnedStore
import dev.pinnedstore.store.StoreConfig
import kotlinx.coroutines.CoroutineName
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.isActive
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import java.util.concurrent.ConcurrentHashMap
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.time.Duration
import kotlin.time.toJavaDuration

/**
 * A description of a store, made by [pinnedStore] or [attachedStore]. Opens nothing by itself; each [use] and each
 * [openIn] opens a store of its own.
 *
 * **Thread safety.** Immutable.
 *
 * @property config the settings with which stores are opened
 */
public class PinnedStoreSource internal constructor(
    public val config: StoreConfig,
    private val interval: Duration?,
    private val opener: (StoreConfig) -> PinnedStore,
) {
    /**
     * Opens a store for [block] and closes it when the block and all its children are done. Others
     * who still wait for room then get [dev.pinnedstore.store.StoreClosedException], the lifecycle
     * ends, and all memory goes back. An exception in the block or a child cancels the rest, closes
     * the store, and is thrown.
     *
     * Opening maps and touches one page on the calling thread, or, where processes share the store,
     * files on another one.
     *
     * **Thread safety.** May run any number of times, at once too.
     *
     * **Suspension.** As long as the block and its children run.
     *
     * **Cancellation.** Reaches the block and its children; the store closes after them.
     *
     * @param block gets the store, which must not be used after it
     * @return what the block returns
     * @throws dev.pinnedstore.store.StoreFullException when there is no memory for the first page
     * @throws dev.pinnedstore.store.NamespaceException when a shared store is in use already, or
     *   there is none to attach to
     */
    public suspend fun <R> use(block: suspend CoroutineScope.(store: SuspendingStore) -> R): R {
        currentCoroutineContext().ensureActive()
        // Not cancellable in between: the store would be open and nobody's.
        val store =
            if (isShared) {
                withContext(
                    NonCancellable + Dispatchers.IO,
                ) { open() }
            } else {
                open()
            }
        try {
            return coroutineScope { block(store) }
        } finally {
            store.close()
        }
    }

    /**
     * Opens a store that closes when the scope's job ends: a scope that is cancelled closes it
     * after all its other children, and does not end before it is closed. For scopes that end by
     * cancellation, as those of a server or a component do; `coroutineScope` would wait for ever,
     * use [use] there.
     *
     * A scope without a job, like `GlobalScope`, never closes the store: call
     * [SuspendingStore.close].
     *
     * **Thread safety.** May run any number of times, at once too.
     *
     * **Suspension.** None; opening maps and touches one page on the calling thread, and, where
     * processes share the store, creates or maps files on it.
     *
     * **Cancellation.** That of the scope closes the store.
     *
     * @return the open store
     * @throws IllegalStateException when the scope is not active
     * @throws dev.pinnedstore.store.StoreFullException when there is no memory for the first page
     */
    public fun openIn(scope: CoroutineScope): SuspendingStore {
        check(scope.isActive) { "scope=$scope: must be active" }
        val store = open()
        // On the scope's own dispatcher when there is no thread to wait for, so that a test's
        // scheduler sees to the end.
        val dispatcher =
            if (interval == null &&
                !isShared
            ) {
                EmptyCoroutineContext
            } else {
                Dispatchers.IO
            }
        // Undispatched: closes also when the scope was cancelled a moment ago.
        scope.launch(dispatcher + CoroutineName("pinned-store"), CoroutineStart.UNDISPATCHED) {
            hold(store, scope.coroutineContext[Job])
        }
        return store
    }

    override fun toString(): String = "PinnedStoreSource[$config]"

    private val isShared: Boolean get() = config.backend() is Backend.Shared

    private fun open(): SuspendingStore {
        val engine = opener(config)
        try {
            // The thread ends with the engine, not with a job: a cancelled child of the scope would
            // end it before its siblings have.
            interval?.let { engine.startLifecycle(it.toJavaDuration()) }
        } catch (e: Throwable) {
            engine.close()
            throw e
        }
        return SuspendingStore(engine, ownsThread = interval != null, isShared)
    }

    /** Closes the store when it is cancelled and the scope's other children are done. */
    private suspend fun hold(
        store: SuspendingStore,
        scope: Job?,
    ) {
        val holder = currentCoroutineContext().job
        holders.add(holder)
        try {
            store.closed.join()
        } finally {
            withContext(NonCancellable) {
                if (!store.closed.isCompleted) scope?.joinOthers()
                store.close()
                holders.remove(holder)
            }
        }
    }

    /** Waits for all children but holders, which wait for the others themselves. */
    private suspend fun Job.joinOthers() {
        var other = children.firstOrNull { it !in holders }
        while (other != null) {
            other.join()
            other = children.firstOrNull { it !in holders }
        }
    }

    private companion object {
        /** The jobs that hold a store open, of all sources: several may be in one scope. */
        val holders: MutableSet<Job> = ConcurrentHashMap.newKeySet()
    }
}
