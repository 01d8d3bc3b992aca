package dev.pinnedstore.kotlin

import dev.pinnedstore.buffer.AlignedBuffer
import dev.pinnedstore.buffer.DirectFile
import dev.pinnedstore.buffer.FileOption
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.collections.shouldContainOnly
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancel
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import java.lang.foreign.ValueLayout.JAVA_BYTE
import java.nio.channels.ClosedChannelException
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardOpenOption.CREATE
import java.nio.file.StandardOpenOption.READ
import java.nio.file.StandardOpenOption.WRITE
import kotlin.io.path.deleteExisting

/** Coroutines that read and write files. */
class DirectFilesSpec :
    FreeSpec({
        suspend fun withFile(block: suspend (DirectFile) -> Unit) {
            for (options in listOf(emptyArray(), arrayOf(FileOption.VIRTUAL_THREADS))) {
                val path: Path = Files.createTempFile("direct", ".data")
                try {
                    DirectFile.open(path, CREATE, READ, WRITE, *options).use { block(it) }
                } finally {
                    path.deleteExisting()
                }
            }
        }

        "many coroutines on few threads move each its own page" {
            withFile { file ->
                AlignedBuffer.shared(500L * PAGE).use { arena ->
                    val frames = arena.slices(PAGE.toLong())
                    withContext(Dispatchers.Default) {
                        frames
                            .mapIndexed { i, frame ->
                                async {
                                    frame.memory().fill(i.toByte())
                                    file.awaitWrite(frame, i.toLong() * PAGE) shouldBe PAGE
                                    frame.memory().fill(0)
                                    file.awaitRead(frame, i.toLong() * PAGE) shouldBe PAGE
                                    frame.segment().get(JAVA_BYTE, 77) shouldBe i.toByte()
                                }
                            }.awaitAll()
                    }
                    file.size() shouldBe 500L * PAGE
                    arena.segment().fill(0)
                    file.awaitRead(frames.reversed(), 0) shouldBe 500L * PAGE
                    frames[499].segment().get(JAVA_BYTE, 1) shouldBe 0
                    frames[0].segment().get(JAVA_BYTE, 1) shouldBe 499.toByte()
                    file.awaitWrite(frames, 0) shouldBe 500L * PAGE
                    file.awaitRead(frames[0], 500L * PAGE) shouldBe -1
                }
            }
        }

        "a cancelled coroutine ends when its operation has ended, not before" {
            withFile { file ->
                AlignedBuffer.shared(PAGE.toLong()).use { buffer ->
                    repeat(200) { round ->
                        buffer.segment().fill(round.toByte())
                        coroutineScope {
                            val writer =
                                launch(start = CoroutineStart.UNDISPATCHED) {
                                    file.awaitWrite(buffer.slice(), 0)
                                }
                            writer.cancelAndJoin()
                        }
                        // Written by now, so that the buffer may change.
                        buffer.segment().fill(-1)
                        file.awaitRead(buffer.slice(), 0) shouldBe PAGE
                        buffer.segment().toArray(JAVA_BYTE).toList() shouldContainOnly
                            listOf(round.toByte())
                    }
                }
            }
        }

        "a coroutine that was cancelled before begins nothing" {
            withFile { file ->
                AlignedBuffer.shared(PAGE.toLong()).use { buffer ->
                    coroutineScope {
                        val writer =
                            launch(start = CoroutineStart.UNDISPATCHED) {
                                cancel()
                                shouldThrow<CancellationException> {
                                    file.awaitWrite(buffer.slice(), 0)
                                }
                            }
                        writer.join()
                    }
                    file.size() shouldBe 0
                }
            }
        }

        "what the file says comes through as it is" {
            withFile { file ->
                AlignedBuffer.shared(PAGE.toLong()).use { buffer ->
                    if (file.isDirect) {
                        shouldThrow<IllegalArgumentException> {
                            file.awaitRead(buffer.slice(), 1)
                        }.message shouldBe "position=1: must be a multiple of $PAGE bytes"
                    }
                    AlignedBuffer.page().use { confined ->
                        shouldThrow<IllegalArgumentException> {
                            file.awaitWrite(confined.slice(), 0)
                        }
                    }
                    file.close()
                    shouldThrow<ClosedChannelException> { file.awaitRead(buffer.slice(), 0) }
                }
            }
        }
    })
