package dev.pinnedstore.samples.service

import com.sun.net.httpserver.HttpExchange
import dev.pinnedstore.kotlin.SuspendingStore
import dev.pinnedstore.kotlin.bytes
import dev.pinnedstore.store.BlobHandle
import dev.pinnedstore.store.BlobTooLargeException
import dev.pinnedstore.store.InvalidHandleException
import dev.pinnedstore.store.StaleHandleException
import dev.pinnedstore.store.StoreClosedException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.withTimeoutOrNull
import java.io.EOFException
import java.io.IOException
import java.io.InputStream
import java.io.OutputStream
import java.lang.foreign.MemorySegment
import java.nio.channels.Channels
import kotlin.time.Duration

private const val BLOBS = "/blobs"
private const val TEXT = "text/plain; charset=utf-8"
private const val SLICE_BYTES = 1L shl 20

/** Answers with a status instead of a result. */
internal class Refusal(
    val status: Int,
    message: String,
) : Exception(message)

/**
 * The blobs of one store over HTTP.
 *
 * **Thread safety.** Any number of requests at once.
 */
internal class BlobService(
    private val store: SuspendingStore,
    private val wait: Duration,
    private val metrics: Metrics,
) {
    /** Answers one request. A client that goes away ends it, and what it was sending is padding. */
    suspend fun answer(exchange: HttpExchange) {
        metrics.time(exchange.requestMethod) {
            try {
                route(exchange)
            } catch (e: Refusal) {
                refuse(exchange, e.status, e.message)
            } catch (e: InvalidHandleException) {
                refuse(exchange, 404, e.message)
            } catch (e: StaleHandleException) {
                refuse(exchange, 410, e.message)
            } catch (e: BlobTooLargeException) {
                refuse(exchange, 413, e.message)
            } catch (e: StoreClosedException) {
                refuse(exchange, 503, e.message)
            }
            exchange.responseCode
        }
    }

    private suspend fun route(exchange: HttpExchange) {
        val path = exchange.requestURI.path
        val isBlob = path.startsWith("$BLOBS/")
        when (exchange.requestMethod to if (isBlob) "$BLOBS/" else path) {
            "POST" to BLOBS -> {
                exchange.reply(201, TEXT, post(exchange).toHex())
            }

            "GET" to "$BLOBS/" -> {
                get(exchange, handle(path))
            }

            "DELETE" to "$BLOBS/" -> {
                delete(exchange, handle(path))
            }

            "GET" to "/stats" -> {
                exchange.reply(200, "application/json", statsJson(store.stats()))
            }

            "GET" to "/metrics" -> {
                exchange.reply(200, Metrics.CONTENT_TYPE, metrics.scrape())
            }

            else -> {
                throw refusalOf(exchange, path, isBlob)
            }
        }
    }

    private fun refusalOf(
        exchange: HttpExchange,
        path: String,
        isBlob: Boolean,
    ): Refusal {
        val allowed =
            when {
                isBlob -> "GET, DELETE"
                path == BLOBS -> "POST"
                path == "/stats" || path == "/metrics" -> "GET"
                else -> return Refusal(404, "path=$path: must be /blobs, /stats or /metrics")
            }
        exchange.responseHeaders["Allow"] = listOf(allowed)
        return Refusal(405, "method=${exchange.requestMethod}: must be one of $allowed")
    }

    private fun handle(path: String): BlobHandle =
        try {
            BlobHandle.fromHex(path.removePrefix("$BLOBS/"))
        } catch (e: IllegalArgumentException) {
            throw Refusal(400, e.message.orEmpty())
        }

    private suspend fun post(exchange: HttpExchange): BlobHandle {
        val length = exchange.requestHeaders.getFirst("Content-Length")
        val size =
            length?.toLongOrNull()
                ?: throw Refusal(411, "Content-Length=$length: must be the size of the blob")
        if (size < 1) throw Refusal(400, "Content-Length=$size: must be at least 1")
        val handle = append(size) { it.fillFrom(exchange.requestBody) }
        if (handle == null) {
            exchange.responseHeaders["Retry-After"] = listOf("1")
            throw Refusal(503, "the store is full; try again later")
        }
        return handle
    }

    /** Appends in place. Times the wait for room, and not the time that the client takes. */
    private suspend fun append(
        size: Long,
        write: (MemorySegment) -> Unit,
    ): BlobHandle? =
        coroutineScope {
            val hasRoom = CompletableDeferred<Boolean>()
            // Undispatched: what finds room at once does so within a wait of zero.
            val append =
                async(start = CoroutineStart.UNDISPATCHED) {
                    store.append(size.bytes) { segment ->
                        if (!hasRoom.complete(true)) awaitCancellation()
                        write(segment)
                    }
                }
            withTimeoutOrNull(wait) { hasRoom.await() }
            // Room and timeout come at once: one of the two completes it.
            if (hasRoom.complete(false)) {
                append.cancelAndJoin()
                null
            } else {
                append.await()
            }
        }

    private suspend fun get(
        exchange: HttpExchange,
        handle: BlobHandle,
    ) {
        store.view(handle) { segment ->
            exchange.responseHeaders["Content-Type"] = listOf("application/octet-stream")
            exchange.sendResponseHeaders(200, segment.byteSize())
            segment.writeTo(exchange.responseBody)
        }
    }

    private fun delete(
        exchange: HttpExchange,
        handle: BlobHandle,
    ) {
        if (!store.acknowledge(handle)) throw Refusal(410, "handle=${handle.toHex()}: is gone")
        exchange.sendResponseHeaders(204, -1)
    }

    private fun refuse(
        exchange: HttpExchange,
        status: Int,
        message: String?,
    ) {
        // A client that still sends does not look for an answer.
        exchange.requestBody.transferTo(OutputStream.nullOutputStream())
        exchange.reply(status, TEXT, message.orEmpty())
    }
}

private fun HttpExchange.reply(
    status: Int,
    type: String,
    text: String,
) {
    val body = (text + "\n").encodeToByteArray()
    responseHeaders["Content-Type"] = listOf(type)
    sendResponseHeaders(status, body.size.toLong())
    responseBody.write(body)
}

private fun MemorySegment.slices(): Sequence<MemorySegment> =
    generateSequence(0L) { it + SLICE_BYTES }
        .takeWhile { it < byteSize() }
        .map { asSlice(it, minOf(SLICE_BYTES, byteSize() - it)) }

/** Reads the segment full, through the few KiB that the JDK's streams need. */
private fun MemorySegment.fillFrom(source: InputStream) {
    val channel = Channels.newChannel(source)
    for (slice in slices()) {
        val buffer = slice.asByteBuffer()
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) throw EOFException("the client sent too little")
        }
    }
}

/** Writes the segment, the blob itself and no copy of it. */
@Throws(IOException::class)
private fun MemorySegment.writeTo(target: OutputStream) {
    val channel = Channels.newChannel(target)
    slices().forEach { channel.write(it.asByteBuffer()) }
}
