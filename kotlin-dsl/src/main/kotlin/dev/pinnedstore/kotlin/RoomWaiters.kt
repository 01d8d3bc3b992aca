package dev.pinnedstore.kotlin

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.delay
import kotlinx.coroutines.future.await
import kotlinx.coroutines.yield
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicLong
import kotlin.time.Duration.Companion.milliseconds

/**
 * The coroutines that wait for room in one store.
 *
 * The engine wakes one waiter for each piece of room. A coroutine that was woken and then cannot
 * use the room, as it is cancelled, passes the wake-up on, otherwise room would lie idle while the
 * next one sleeps. A wake-up is passed on by completing the next one's future, so each is woken
 * once, by whoever comes first.
 *
 * @property roomFor what the engine completes when there may be room
 */
internal class RoomWaiters(
    private val roomFor: (sizeBytes: Long) -> CompletableFuture<Void>,
) {
    private val asleep = ConcurrentLinkedQueue<CompletableFuture<Void>>()
    private val passed = AtomicLong()

    /**
     * Repeats an attempt that failed once, each time there may be room, until it succeeds. Nothing
     * suspends after the attempt that succeeds.
     */
    suspend inline fun <T : Any> retry(
        sizeBytes: Long,
        attempt: () -> T?,
    ): T {
        var hollow = 0
        while (true) {
            if (awaitRoom(sizeBytes)) hollow = 0 else pause(hollow++)
            val result =
                try {
                    attempt()
                } catch (e: Throwable) {
                    passOn()
                    throw e
                }
            if (result != null) return result
        }
    }

    /** Waits until there may be room; false when there was said to be some at once. */
    suspend fun awaitRoom(sizeBytes: Long): Boolean {
        val passedBefore = passed.get()
        val room = roomFor(sizeBytes)
        val waits = !room.isDone
        asleep.add(room)
        // Who passed on between these lines did not find us. Earlier than that, the engine saw the
        // room that it was about.
        if (passed.get() != passedBefore) room.complete(null)
        try {
            room.await()
        } catch (e: CancellationException) {
            if (!room.cancel(false)) passOn()
            throw e
        } finally {
            asleep.remove(room)
        }
        return waits
    }

    /**
     * Lets others run when the engine sees room and yet refuses: another thread holds a page for a
     * moment, or the operating system has no memory, which may last.
     */
    suspend fun pause(hollow: Int) {
        if (hollow < YIELDS) {
            yield()
        } else {
            delay((hollow - YIELDS + 1).coerceAtMost(LONGEST_PAUSE_MILLIS).milliseconds)
        }
    }

    private fun passOn() {
        passed.incrementAndGet()
        var next = asleep.poll()
        while (next != null && !next.complete(null)) {
            next = asleep.poll()
        }
    }

    private companion object {
        private const val YIELDS = 10
        private const val LONGEST_PAUSE_MILLIS = 100
    }
}
