package dev.pinnedstore.kotlin

import io.kotest.core.spec.style.FreeSpec
import kotlinx.coroutines.suspendCancellableCoroutine
import org.jetbrains.lincheck.datastructures.Operation
import org.jetbrains.lincheck.datastructures.StressOptions
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicInteger
import kotlin.coroutines.Continuation
import kotlin.coroutines.resume

/** Places for blobs, and those who wait for one, by the protocol of the engine. */
private class Places(
    free: Int,
) {
    private val free = AtomicInteger(free)
    private val asleep = ConcurrentLinkedQueue<CompletableFuture<Void>>()

    fun tryTake(): Unit? {
        while (true) {
            val now = free.get()
            if (now == 0) return null
            if (free.compareAndSet(now, now - 1)) return Unit
        }
    }

    fun giveBack() {
        free.incrementAndGet()
        while (true) {
            val next = asleep.poll() ?: return
            if (next.complete(null)) return
        }
    }

    /** Enters first and looks afterwards; who gives back does the other way round. */
    fun roomFor(): CompletableFuture<Void> {
        val future = CompletableFuture<Void>()
        asleep.add(future)
        if (free.get() > 0) future.complete(null)
        future.whenComplete { _, _ -> asleep.remove(future) }
        return future
    }
}

/** What waiting for a place comes to in one thread. */
public class PlacesModel {
    private var free = 1
    private val asleep = ArrayDeque<Continuation<Unit>>()

    public suspend fun append() {
        if (free > 0) {
            free--
        } else {
            suspendCancellableCoroutine<Unit> { continuation ->
                asleep.addLast(continuation)
                continuation.invokeOnCancellation { asleep.remove(continuation) }
            }
        }
    }

    public fun acknowledge() {
        val next = asleep.removeFirstOrNull()
        if (next == null) free++ else next.resume(Unit)
    }
}

/**
 * Appends that wait are linearizable with acknowledgements, cancelled while they wait or not: no
 * wake-up is lost, and none makes two appends go on in one place. (A cancellation that meets the
 * wake-up is in AppendSpec: here it would have to be the end of the operation.)
 */
public class RoomWaitersScenario {
    private val places = Places(1)
    private val waiters = RoomWaiters { places.roomFor() }

    @Operation(cancellableOnSuspension = true, promptCancellation = true)
    public suspend fun append() {
        places.tryTake() ?: waiters.retry(1) { places.tryTake() }
    }

    @Operation
    public fun acknowledge(): Unit = places.giveBack()
}

class RoomWaitersLincheckSpec :
    FreeSpec({
        "waiting for room is linearizable" {
            StressOptions()
                .iterations(20)
                .invocationsPerIteration(500)
                .threads(3)
                .actorsPerThread(3)
                .actorsBefore(1)
                .actorsAfter(1)
                .sequentialSpecification(PlacesModel::class.java)
                .check(RoomWaitersScenario::class.java)
        }
    })
