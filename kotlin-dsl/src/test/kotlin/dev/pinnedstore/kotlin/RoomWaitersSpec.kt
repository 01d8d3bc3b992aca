package dev.pinnedstore.kotlin

import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.nulls.shouldBeNull
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.withTimeoutOrNull
import kotlin.time.Duration.Companion.seconds

@OptIn(ExperimentalCoroutinesApi::class)
class RoomWaitersSpec :
    FreeSpec({
        "an attempt that fails in spite of room is repeated, soon at first and then more slowly" {
            runTest {
                manualStore().use { store ->
                    val times = mutableListOf<Long>()
                    RoomWaiters(store.engine::roomFor).retry(1) {
                        times += currentTime
                        Unit.takeIf { times.size == 200 }
                    }
                    val pauses = times.zipWithNext { before, after -> after - before }
                    pauses shouldBe List(9) { 0L } + (1L..100L) + List(90) { 100L }
                }
            }
        }

        "an attempt that keeps failing lets others run and can be cancelled" {
            runTest {
                manualStore().use { store ->
                    var attempts = 0
                    var attemptsBefore = 0
                    launch { attemptsBefore = attempts }
                    withTimeoutOrNull(1.seconds) {
                        RoomWaiters(store.engine::roomFor).retry<Unit>(1) {
                            attempts++
                            null
                        }
                    }.shouldBeNull()
                    attemptsBefore shouldBe 0
                    currentTime shouldBe 1_000
                }
            }
        }
    })
