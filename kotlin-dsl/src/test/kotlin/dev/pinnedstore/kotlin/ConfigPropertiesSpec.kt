package dev.pinnedstore.kotlin

import dev.pinnedstore.store.Backend
import dev.pinnedstore.store.StoreConfig
import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.shouldBe
import io.kotest.property.Arb
import io.kotest.property.arbitrary.element
import io.kotest.property.arbitrary.int
import io.kotest.property.arbitrary.long
import io.kotest.property.arbitrary.map
import io.kotest.property.arbitrary.numericDouble
import io.kotest.property.arbitrary.orNull
import io.kotest.property.checkAll
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.toJavaDuration

private val pages = Arb.int(1, 1 shl 18).map { it * 4096L }
private val times = Arb.long(1, 365L * 24 * 3_600_000).map { it.milliseconds }
private val presets =
    Arb.element(StoreConfig.defaults(), StoreConfig.performance(), StoreConfig.memoryEfficient())

/** Whatever is set, the block and the Java builder come to equal configs, or both refuse. */
class ConfigPropertiesSpec :
    FreeSpec({
        "a block gives what the Java builder gives" {
            checkAll(presets, pages, Arb.int(1, 1000), Arb.long(4096, 1L shl 50)) {
                preset,
                page,
                most,
                limit,
                ->
                val java =
                    runCatching {
                        preset
                            .toBuilder()
                            .pageSize(page)
                            .maxPages(most)
                            .maxBytes(limit)
                            .build()
                    }
                val kotlin =
                    runCatching {
                        storeConfig(preset) {
                            maxBytes = limit.bytes
                            maxPages = most
                            pageSize = page.bytes
                        }
                    }
                kotlin.getOrNull() shouldBe java.getOrNull()
                kotlin.exceptionOrNull()?.message shouldBe java.exceptionOrNull()?.message
            }
        }

        "times and fractions are those of the Java builder" {
            checkAll(presets, times, times.orNull(0.3), Arb.numericDouble(-0.5, 1.5)) {
                preset,
                decay,
                age,
                threshold,
                ->
                val java =
                    runCatching {
                        val builder = preset.toBuilder().decayTimeout(decay.toJavaDuration())
                        if (age == null) builder.noTtl() else builder.ttl(age.toJavaDuration())
                        builder.prefetchThreshold(threshold).build()
                    }
                val kotlin =
                    runCatching {
                        pinnedStore(preset) {
                            ttl = age ?: Duration.INFINITE
                            lifecycle {
                                decayTimeout = decay
                                prefetchThreshold = threshold
                            }
                        }.config
                    }
                kotlin.getOrNull() shouldBe java.getOrNull()
                kotlin.exceptionOrNull()?.message shouldBe java.exceptionOrNull()?.message
            }
        }

        "chunks of a shared backend are those of the Java builder" {
            checkAll(Arb.long(-10, 1L shl 33), Arb.long(-3, 100)) { bytes, chunks ->
                val java =
                    runCatching { Backend.shared("a").chunkSize(bytes).maxChunks(chunks) }
                val kotlin =
                    runCatching {
                        lateinit var backend: Backend
                        storeConfig {
                            backend =
                                shared("a") {
                                    chunkSize = bytes.coerceAtLeast(0).bytes
                                    maxChunks = chunks
                                }
                        }
                        backend
                    }
                kotlin.getOrNull() shouldBe java.getOrNull()
            }
        }

        "a config begun with another is equal to it, and its values can be read back" {
            checkAll(presets, pages, times) { preset, page, decay ->
                val config =
                    storeConfig(preset) {
                        pageSize = page.bytes
                        ttl = decay
                    }
                storeConfig(config) {
                    pageSize shouldBe page.bytes
                    ttl shouldBe decay
                } shouldBe config
            }
        }
    })
