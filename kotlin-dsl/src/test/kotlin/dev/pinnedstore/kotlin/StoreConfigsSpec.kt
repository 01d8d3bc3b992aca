package dev.pinnedstore.kotlin

import dev.pinnedstore.store.Backend
import dev.pinnedstore.store.StoreConfig
import dev.pinnedstore.store.Ticker
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.nulls.shouldBeNull
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldStartWith
import io.kotest.matchers.types.shouldBeSameInstanceAs
import kotlin.time.Duration
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.microseconds
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.nanoseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TestTimeSource
import java.time.Duration as JavaDuration

class StoreConfigsSpec :
    FreeSpec({
        "every setting reaches the config" {
            val time = TestTimeSource()
            val source =
                pinnedStore {
                    backend = segmented()
                    pageSize = 64.KB
                    maxPages = 7
                    maxBytes = 1.MB
                    ttl = 30.seconds
                    clock = time
                    lifecycle {
                        prefetchThreshold = 0.5
                        decayTimeout = 2.minutes
                        interval = 20.milliseconds
                    }
                }
            val config = source.config
            config.backend() shouldBe Backend.segmented()
            config.pageSize() shouldBe 65536
            config.maxPages() shouldBe 7
            config.maxBytes() shouldBe 1048576
            config.ttl().get() shouldBe JavaDuration.ofSeconds(30)
            config.prefetchThreshold() shouldBe 0.5
            config.decayTimeout() shouldBe JavaDuration.ofMinutes(2)
            val ticker = config.clock()
            val start = ticker.nanos()
            time += 3.nanoseconds
            ticker.nanos() - start shouldBe 3
        }

        "a virtual backend reserves what is said, 1 TiB otherwise" {
            storeConfig { backend = virtual() }.backend() shouldBe Backend.virtual()
            val config =
                storeConfig {
                    pageSize = 2.MB
                    backend =
                        virtual {
                            reserve shouldBe 1.TB
                            reserve = 64.GB
                            reserve shouldBe 64.GB
                        }
                }
            config.backend() shouldBe Backend.virtual(64L shl 30)
            config shouldBe
                StoreConfig
                    .builder()
                    .backend(Backend.virtual(64L shl 30))
                    .pageSize(2 shl 20)
                    .build()
            shouldThrow<IllegalArgumentException> { storeConfig { virtual { reserve = 3.MB } } }
                .message shouldStartWith "reserveBytes=3145728: must be a multiple of 2097152"
            shouldThrow<IllegalArgumentException> {
                storeConfig {
                    pageSize = 4.MB
                    backend = virtual { reserve = 2.MB }
                }
            }.message shouldBe "reserveBytes=2097152: must be at least pageSize=4194304"
        }

        "a block that sets nothing gives the defaults" {
            pinnedStore().config shouldBe StoreConfig.defaults()
            storeConfig {} shouldBe StoreConfig.defaults()
        }

        "what is not set stays as it was, and can be read" {
            val ticker = Ticker { 0 }
            val from =
                StoreConfig
                    .memoryEfficient()
                    .toBuilder()
                    .ttl(JavaDuration.ofMillis(1500))
                    .clock(ticker)
                    .maxPages(9)
                    .build()
            val changed =
                storeConfig(from) {
                    backend shouldBe Backend.segmented()
                    pageSize shouldBe 512.KB
                    maxPages shouldBe 9
                    ttl shouldBe 1.5.seconds
                    clock.shouldBeNull()
                    maxBytes = maxBytes / 2
                }
            changed shouldBe from.toBuilder().maxBytes(from.maxBytes() / 2).build()
            changed.clock() shouldBeSameInstanceAs ticker
            pinnedStore(from) {
                lifecycle {
                    prefetchThreshold shouldBe 0.9
                    decayTimeout shouldBe 1.seconds
                    interval shouldBe 100.milliseconds
                }
            }.config shouldBe from
        }

        "a TTL is unset, none, or a value" {
            val unset = storeConfig { ttl shouldBe Duration.INFINITE }
            val none = storeConfig { ttl = Duration.INFINITE }
            val some = storeConfig(none) { ttl = 1.days }
            unset shouldBe StoreConfig.defaults()
            none shouldBe StoreConfig.builder().noTtl().build()
            some.ttl().get() shouldBe JavaDuration.ofDays(1)
            storeConfig(some) { ttl = Duration.INFINITE } shouldBe none
        }

        "a time source can be read back, and null sets the clock of the system" {
            val time = TestTimeSource()
            val timed = storeConfig { clock = time }
            storeConfig(timed) { clock shouldBe time } shouldBe timed
            storeConfig(timed) { clock = null } shouldBe StoreConfig.defaults()
        }

        "the lifecycle block may be written in parts" {
            val source =
                pinnedStore {
                    lifecycle { prefetchThreshold = 0.3 }
                    lifecycle { decayTimeout = 1.hours }
                }
            source.config.prefetchThreshold() shouldBe 0.3
            source.config.decayTimeout() shouldBe JavaDuration.ofHours(1)
        }

        "a value out of range names its field, the value and the range" - {
            val pages = "must be a multiple of 4096 between 4096 and 1073741824 bytes"
            val atLeast = "must be at least the page size, between"
            val days = "must be between PT0.001S (1 ms) and PT8760H (365 days)"
            val wrong: Map<String, PinnedStoreBuilder.() -> Unit> =
                mapOf(
                    "pageSize=100: $pages" to
                        { pageSize = 100.bytes },
                    "pageSize=2147483648: $pages" to
                        { pageSize = 2.GB },
                    "maxPages=0: must be between 1 and 2147483647 pages" to
                        { maxPages = 0 },
                    "maxBytes=0: $atLeast 4096 and ${Long.MAX_VALUE} bytes" to
                        { maxBytes = 0.bytes },
                    "maxBytes=8192: $atLeast 1048576 and ${Long.MAX_VALUE} bytes" to
                        { maxBytes = 8.KB },
                    "ttl=PT-1S: $days" to
                        { ttl = (-1).seconds },
                    "prefetchThreshold=1.5: must be between 0.1 and 1.0" to
                        { lifecycle { prefetchThreshold = 1.5 } },
                    "prefetchThreshold=NaN: must be between 0.1 and 1.0" to
                        { lifecycle { prefetchThreshold = Double.NaN } },
                    "decayTimeout=PT0S: $days" to
                        { lifecycle { decayTimeout = Duration.ZERO } },
                    "interval=999us: must be between 1ms and 1h" to
                        { lifecycle { interval = 999.microseconds } },
                    "interval=1h 0m 0.001s: must be between 1ms and 1h" to
                        { lifecycle { interval = 1.hours + 1.milliseconds } },
                )
            for ((message, configure) in wrong) {
                message {
                    shouldThrow<IllegalArgumentException> { pinnedStore { configure() } }
                        .message shouldBe message
                }
            }
        }
    })
