package dev.pinnedstore.kotlin

import dev.pinnedstore.store.BlobHandle
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.comparables.shouldBeGreaterThan
import io.kotest.matchers.nulls.shouldNotBeNull
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.yield
import kotlin.coroutines.AbstractCoroutineContextElement
import kotlin.coroutines.Continuation
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/**
 * Cancels the job of a coroutine at its n-th resumption, just before the coroutine goes on: each
 * place where it suspends is met once. Hands everything else to the test's dispatcher.
 */
private class CancelAt(
    private val turn: Int,
    private val dispatcher: ContinuationInterceptor,
) : AbstractCoroutineContextElement(ContinuationInterceptor),
    ContinuationInterceptor {
    var turns = 0
        private set

    override fun <T> interceptContinuation(continuation: Continuation<T>): Continuation<T> =
        dispatcher.interceptContinuation(Counted(continuation))

    private inner class Counted<T>(
        private val continuation: Continuation<T>,
    ) : Continuation<T> {
        override val context: CoroutineContext get() = continuation.context

        override fun resumeWith(result: Result<T>) {
            if (turns++ == turn) context[Job]?.cancel()
            continuation.resumeWith(result)
        }
    }
}

@OptIn(ExperimentalCoroutinesApi::class)
class CancellationSpec :
    FreeSpec({
        val appends: Map<String, suspend (SuspendingStore) -> BlobHandle?> =
            mapOf(
                "append" to { it.append(pageOf(3)) },
                "append in place" to { store ->
                    store.append(PAGE.bytes) { segment ->
                        yield()
                        segment.fill(3)
                        delay(1.milliseconds)
                    }
                },
                "appendOrNull" to { it.appendOrNull(pageOf(3), 1.seconds) },
            )
        for ((name, append) in appends) {
            "$name gives its handle or has appended nothing, wherever it is cancelled" {
                var turn = 0
                var last: Int
                do {
                    last = cancelAt(turn++, append)
                } while (last >= turn)
                turn shouldBeGreaterThan 1
            }
        }
    })

/** One round; returns how often the coroutine went on. */
@OptIn(ExperimentalCoroutinesApi::class)
private fun cancelAt(
    turn: Int,
    append: suspend (SuspendingStore) -> BlobHandle?,
): Int {
    var turns = 0
    runTest {
        withClue("cancelled at turn $turn") {
            manualStore { maxPages = 2 }.use { store ->
                val first = store.fill()
                val interceptor =
                    CancelAt(turn, coroutineContext[ContinuationInterceptor].shouldNotBeNull())
                var handle: BlobHandle? = null
                val cancelled = launch(interceptor) { handle = append(store) }
                runCurrent()
                store.acknowledge(first) shouldBe true
                cancelled.join()
                // The blob of the second page, and one more if there is a handle to it.
                store.stats().liveBlobs() shouldBe if (handle == null) 1 else 2
                handle?.let { store.acknowledge(it) shouldBe true }
                store.maintain()
                // The room is nobody's any more: padding was reclaimed, the wake-up not swallowed.
                store.tryAppend(pageOf(4)).shouldNotBeNull()
                turns = interceptor.turns
            }
        }
    }
    return turns
}
