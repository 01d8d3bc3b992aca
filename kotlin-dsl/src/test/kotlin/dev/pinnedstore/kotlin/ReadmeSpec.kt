package dev.pinnedstore.kotlin

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FreeSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.collections.shouldContainExactlyInAnyOrder
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.collections.shouldNotBeEmpty
import io.kotest.matchers.nulls.shouldBeNull
import io.kotest.matchers.nulls.shouldNotBeNull
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.emptyFlow
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runTest
import java.lang.foreign.MemorySegment
import java.lang.foreign.ValueLayout.JAVA_BYTE
import java.nio.file.Path
import kotlin.io.path.div
import kotlin.io.path.exists
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.readText
import kotlin.time.Duration

/** README.md shows Kotlin that is compiled and run, and explains messages that are really given. */
@OptIn(ExperimentalCoroutinesApi::class)
class ReadmeSpec :
    FreeSpec({
        "every Kotlin block is a region of the compiled samples" {
            val shown = blocks("kotlin")
            shown.shouldNotBeEmpty()
            shown shouldContainExactlyInAnyOrder regions()
        }

        "the quick start shows the message in place" {
            val seen = mutableListOf<String>()
            ReadmeSamples.quickstart(MESSAGE.toByteArray()) { seen += text(it) }
            seen shouldContainExactly listOf(MESSAGE)
        }

        "what one store appends another one consumes" {
            val directory = tempdir().toPath()
            val seen = mutableListOf<String>()
            ReadmeSamples.sharedProducer(directory, MESSAGE.toByteArray()) { handle ->
                ReadmeSamples.sharedConsumer(directory, flowOf(handle)) { seen += text(it) }
            }
            seen shouldContainExactly listOf(MESSAGE)
            directory.listDirectoryEntries().shouldBeEmpty()
        }

        "waiting for a limited time gives a handle or null, and what is consumed is acknowledged" {
            runTest {
                manualStore { maxPages = 1 }.use { store ->
                    val seen = mutableListOf<String>()
                    val handles = flowOf(store.append("a".toByteArray()))
                    val full = pageOf(1)
                    ReadmeSamples.waiting(store, full, handles) { seen += text(it) }.shouldBeNull()
                    currentTime shouldBe 50
                    seen shouldContainExactly listOf("a")
                    ReadmeSamples.waiting(store, full, emptyFlow()) {}.shouldNotBeNull()
                    store.stats().liveBlobs() shouldBe 1
                }
            }
        }

        "every message is explained and every explanation has its message" {
            val explained = refusals().map { explanation(it) }.toSet()
            messages() shouldContainExactlyInAnyOrder explained + COMPILER
        }

        "inline functions are bytecode for the Java that the README names" {
            val major =
                ClassLoader
                    .getSystemResourceAsStream(
                        CLASS_FILE,
                    )!!
                    .use { it.readNBytes(8)[7] }
            COMPILER shouldContain "JVM target ${major - FIRST_MAJOR} "
            README shouldContain "`jvmTarget` ${major - FIRST_MAJOR},"
        }
    })

private const val MESSAGE = "hello"
private const val CLASS_FILE = "dev/pinnedstore/kotlin/SuspendingStore.class"

/** The major version of a class file of Java N is N and this. */
private const val FIRST_MAJOR = 44

/** What the Kotlin compiler says, which no test here runs with an older target. */
private const val COMPILER =
    "Cannot inline bytecode built with JVM target 25 into bytecode that is being built with JVM " +
        "target …"

private val ROOT: Path =
    generateSequence(Path.of(System.getProperty("basedir", "")).toAbsolutePath()) { it.parent }
        .first { (it / "kotlin-dsl" / "pom.xml").exists() }
private val README = (ROOT / "README.md").readText().replace("\r\n", "\n")
private val SAMPLES =
    ROOT / "kotlin-dsl/src/test/kotlin/dev/pinnedstore/kotlin/ReadmeSamples.kt"

private fun text(segment: MemorySegment): String = segment.toArray(JAVA_BYTE).decodeToString()

private fun blocks(language: String): List<String> =
    Regex("(?ms)^```$language\n(.*?)^```$").findAll(README).map { code(it.groupValues[1]) }.toList()

private fun regions(): List<String> =
    Regex("(?ms)^ *// @start region=\"\\w+\"\n(.*?)^ *// @end$")
        .findAll(SAMPLES.readText().replace("\r\n", "\n"))
        .map { code(it.groupValues[1]) }
        .toList()

private fun code(lines: String): String = lines.trimEnd().trimIndent()

/** The messages in bold code of the FAQ's Kotlin section. */
private fun messages(): List<String> {
    val section = README.substringAfter("\n### Kotlin\n").substringBefore("\n#")
    return Regex("""\*\*`(.+?)`\*\*""").findAll(section).map { it.groupValues[1] }.toList()
}

/** The one message of the FAQ that a real one matches; an ellipsis stands for any value. */
private fun explanation(message: String): String {
    val found =
        messages().filter { entry ->
            entry
                .split("…")
                .joinToString(".+") { Regex.escape(it) }
                .toRegex()
                .matches(message)
        }
    return withClue("what README.md says about: $message") { found.shouldHaveSize(1).first() }
}

private suspend fun refusals(): List<String> =
    listOf(
        refusal { pinnedStore { lifecycle { interval = Duration.ZERO } } },
        refusal { ByteSize.parse("many") },
        refusal { (-1).KB },
        refusal { 1.KB - 2.KB },
        refusal { pinnedStore().openIn(CoroutineScope(Job().apply { cancel() })) },
        refusal { pinnedStore().use { it.stats(Duration.ZERO) } },
        refusal { attachedStore("orders") { backend = segmented() } },
    )

private suspend fun refusal(block: suspend () -> Unit): String =
    shouldThrow<RuntimeException> { block() }.message.orEmpty()
