package dev.pinnedstore.samples.service

import dev.pinnedstore.kotlin.KB
import dev.pinnedstore.kotlin.MB
import dev.pinnedstore.kotlin.pinnedStore
import dev.pinnedstore.store.BlobHandle
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.comparables.shouldBeGreaterThan
import io.kotest.matchers.comparables.shouldBeLessThanOrEqualTo
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldStartWith
import kotlinx.coroutines.channels.Channel

private suspend fun exitCode(
    out: Appendable,
    err: Appendable,
    vararg arguments: String,
): Int = runService(arguments.toList(), out, err)

class ServiceSpec :
    FreeSpec({
        "every order is consumed once, whatever the number of workers" - {
            for (workers in listOf(1, 2, 9)) {
                "$workers" {
                    val summary = serve(Options(orders = 5_000, workers = workers))
                    summary.isRight shouldBe true
                    summary.consumed.orders shouldBe 5_000
                    summary.consumed.ids shouldBe 5_000L * 4_999 / 2
                    summary.stats.liveBlobs() shouldBe 0
                }
            }
        }

        "the store's limit holds, pages are reused and go back when all is done" {
            val summary = serve(Options(orders = 40_000, workers = 2, memory = 1.MB))
            summary.isRight shouldBe true
            summary.consumed.bytes shouldBeGreaterThan 4.MB.bytes
            summary.stats.peakCommittedBytes() shouldBeLessThanOrEqualTo 1.MB.bytes
            summary.stats.pagesReused() shouldBeGreaterThan 0
        }

        "a run is not right when an order is missing, twice or changed" {
            val right = serve(Options(orders = 10))
            val one = Tally(orders = 1, ids = 3, cents = 1, bytes = 40)
            right.isRight shouldBe true
            right.copy(consumed = right.consumed + one).isRight shouldBe false
            right.copy(produced = right.produced + one).isRight shouldBe false
            right.copy(options = Options(orders = 11)).isRight shouldBe false
            val other = right.consumed.copy(cents = right.consumed.cents + 1)
            right.copy(consumed = other).isRight shouldBe false
            right.copy(consumed = other).toString() shouldContain "NOT RIGHT"
        }

        "a worker refuses an order with a wrong checksum and leaves it unacknowledged" {
            pinnedStore { pageSize = 4.KB }.use { store ->
                val handles = Channel<BlobHandle>(Channel.UNLIMITED)
                val handle = store.append(ByteArray(40) { 1 })
                handles.send(handle)
                handles.close()
                shouldThrow<CorruptOrderException> { work(store, handles) }
                store.acknowledge(handle) shouldBe true
            }
        }

        "a run prints its summary and exits with 0" {
            val out = StringBuilder()
            val err = StringBuilder()
            exitCode(out, err, "--orders", "100", "--workers", "3", "--memory", "2 MB") shouldBe 0
            out.toString() shouldStartWith "100 orders checked by 3 workers: all right\n"
            out.toString() shouldContain "of 2 MiB"
            err.toString() shouldBe ""
        }

        "help goes to standard output and exits with 0" {
            val out = StringBuilder()
            exitCode(out, StringBuilder(), "--orders", "--help") shouldBe 0
            out.toString() shouldBe Options.USAGE + "\n"
        }

        "a wrong argument is named, with the usage, and exits with 2" - {
            val wrong =
                mapOf(
                    listOf("--orders", "0") to "--orders=0: must be between 1 and 100000000",
                    listOf("--orders", "many") to "--orders=many: must be between 1 and 100000000",
                    listOf("--orders") to "--orders=: must be between 1 and 100000000",
                    listOf("--workers", "257") to "--workers=257: must be between 1 and 256",
                    listOf("--memory", "1 KB") to "--memory=1 KB: must be between 1 MiB and 16 GiB",
                    listOf("--memory", "big") to "--memory=big: must be between 1 MiB and 16 GiB",
                    listOf("--speed", "9") to "--speed: no such option",
                    listOf("9") to "9: no such option",
                )
            for ((arguments, message) in wrong) {
                val name = arguments.joinToString(" ")
                name {
                    val out = StringBuilder()
                    val err = StringBuilder()
                    exitCode(out, err, *arguments.toTypedArray()) shouldBe 2
                    err.toString() shouldBe "$message\n${Options.USAGE}\n"
                    out.toString() shouldBe ""
                }
            }
        }

        "arguments override the defaults one by one" {
            Options.parse(emptyList()) shouldBe Options()
            Options.parse(listOf("--workers", "5")) shouldBe Options(workers = 5)
            Options.parse(listOf("--memory", "64mb", "--orders", "3")) shouldBe
                Options(orders = 3, memory = 64.MB)
        }
    })
