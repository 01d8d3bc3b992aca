package dev.pinnedstore.samples.service

import dev.pinnedstore.kotlin.MB
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldStartWith
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.future.await
import kotlinx.coroutines.launch
import kotlinx.coroutines.runInterruptible
import kotlinx.coroutines.withContext
import kotlinx.coroutines.yield
import java.io.IOException
import java.net.InetAddress
import java.net.Socket
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse
import java.net.http.HttpResponse.BodyHandlers
import kotlin.random.Random
import kotlin.time.Duration
import kotlin.time.Duration.Companion.minutes

private const val PAGE = 1 shl 20
private const val CLIENTS = 16
private const val ROUNDS = 20
private const val SEED = 20

/** A real client of a real server. */
private class Client(
    val port: Int,
    private val http: HttpClient,
) {
    suspend fun send(
        method: String,
        path: String,
        body: ByteArray? = null,
    ): HttpResponse<ByteArray> {
        val publisher =
            if (body ==
                null
            ) {
                BodyPublishers.noBody()
            } else {
                BodyPublishers.ofByteArray(body)
            }
        val request =
            HttpRequest
                .newBuilder(URI.create("http://localhost:$port$path"))
                .method(method, publisher)
                .build()
        return http.sendAsync(request, BodyHandlers.ofByteArray()).await()
    }

    suspend fun post(body: ByteArray): String {
        val response = send("POST", "/blobs", body)
        withClue(response.text()) { response.statusCode() shouldBe 201 }
        return response.text()
    }

    suspend fun liveBlobs(): Int =
        Regex("\"liveBlobs\": (\\d+)")
            .find(send("GET", "/stats").text())!!
            .groupValues[1]
            .toInt()
}

private fun HttpResponse<ByteArray>.text(): String = body().decodeToString().trimEnd()

/** Runs the service as long as the block, and ends it as Ctrl-C does. */
private suspend fun served(
    options: Options = Options(port = 0, memory = 4.MB),
    block: suspend CoroutineScope.(Client) -> Unit,
) = withContext(Dispatchers.Default) {
    val port = CompletableDeferred<Int>()
    val service = launch { serve(options) { port.complete(it) } }
    try {
        HttpClient.newHttpClient().use { block(Client(port.await(), it)) }
    } finally {
        service.cancelAndJoin()
    }
    Thread
        .getAllStackTraces()
        .keys
        .map { it.name }
        .filter { it.startsWith("HTTP-Dispatcher") || it.endsWith("-lifecycle") }
        .shouldBeEmpty()
}

class ServiceSpec :
    FreeSpec({
        "a blob goes in, out as often as one likes, and away once" {
            served { client ->
                val blob = Random(SEED).nextBytes(100_000)
                val handle = client.post(blob)
                handle.length shouldBe 48
                repeat(2) {
                    val got = client.send("GET", "/blobs/$handle")
                    got.statusCode() shouldBe 200
                    got.body() shouldBe blob
                }
                client.send("DELETE", "/blobs/$handle").statusCode() shouldBe 204
                client.send("DELETE", "/blobs/$handle").statusCode() shouldBe 410
            }
        }

        "a wrong request is told what is wrong" {
            served { client ->
                val cases =
                    listOf(
                        Triple("GET", "/blobs/12", 400),
                        Triple("GET", "/blobs/${"z".repeat(48)}", 400),
                        Triple("GET", "/blobs/${"7".repeat(48)}", 404),
                        Triple("DELETE", "/blobs/${"7".repeat(48)}", 404),
                        Triple("GET", "/nothing", 404),
                        Triple("PUT", "/blobs", 405),
                        Triple("POST", "/stats", 405),
                        Triple("POST", "/blobs", 400),
                    )
                for ((method, path, status) in cases) {
                    withClue("$method $path") {
                        val response = client.send(method, path)
                        response.statusCode() shouldBe status
                        response.text() shouldContain "="
                    }
                }
                val tooLarge = client.send("POST", "/blobs", ByteArray(5 * PAGE))
                tooLarge.statusCode() shouldBe 413
            }
        }

        "the figures come as JSON and for Prometheus" {
            served { client ->
                client.post(ByteArray(10))
                client.send("GET", "/stats").text() shouldContain "\"appendedBlobs\": 1"
                val metrics = client.send("GET", "/metrics").text()
                metrics shouldContain "\npinned_store_live_blobs 1.0\n"
                metrics shouldContain "\npinned_store_appended_blobs_total 1.0\n"
                metrics shouldContain
                    "http_requests_seconds_count{method=\"POST\",status=\"201\"} 1"
            }
        }

        "a full store is 503 with Retry-After at once, or after some time" - {
            for (wait in listOf("0s", "20ms")) {
                wait {
                    served(Options(0, 4.MB, Duration.parse(wait))) { client ->
                        val handles = List(4) { client.post(ByteArray(PAGE)) }
                        val refused = client.send("POST", "/blobs", ByteArray(PAGE))
                        refused.statusCode() shouldBe 503
                        refused.headers().firstValue("Retry-After").get() shouldBe "1"
                        client.send("DELETE", "/blobs/${handles[0]}").statusCode() shouldBe 204
                        client.liveBlobs() shouldBe 3
                        client.post(ByteArray(PAGE))
                    }
                }
            }
        }

        "a POST that waits goes on as soon as there is room" {
            served(Options(0, 4.MB, 10.minutes)) { client ->
                val handles = List(4) { client.post(ByteArray(PAGE)) }
                val waiting = async { client.post(ByteArray(PAGE) { 7 }) }
                while ("\"storeFull\": 0" in client.send("GET", "/stats").text()) yield()
                client.send("DELETE", "/blobs/${handles[0]}").statusCode() shouldBe 204
                client.send("GET", "/blobs/${waiting.await()}").body() shouldBe
                    ByteArray(PAGE) { 7 }
            }
        }

        "clients at once get their own bytes, while others die half way" {
            served { client ->
                coroutineScope {
                    List(CLIENTS) { number ->
                        async {
                            val random = Random(SEED + number)
                            repeat(ROUNDS) {
                                if (number % 4 == 0) {
                                    dieHalfWay(client.port, random.nextInt(2, 200_000))
                                } else {
                                    val blob = random.nextBytes(random.nextInt(1, 200_000))
                                    val handle = client.post(blob)
                                    client.send("GET", "/blobs/$handle").body() shouldBe blob
                                    client
                                        .send("DELETE", "/blobs/$handle")
                                        .statusCode() shouldBe 204
                                }
                            }
                        }
                    }.awaitAll()
                }
                // What the dead were sending is padding as soon as the server reads its end.
                while (client.liveBlobs() > 0) yield()
            }
        }

        "what runs when the service ends comes to its end" {
            val port = CompletableDeferred<Int>()
            withContext(Dispatchers.Default) {
                val service = launch { serve(Options(0)) { port.complete(it) } }
                Socket(InetAddress.getLoopbackAddress(), port.await()).use { socket ->
                    val out = socket.getOutputStream()
                    out.write(
                        "POST /blobs HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab"
                            .encodeToByteArray(),
                    )
                    HttpClient.newHttpClient().use {
                        val client = Client(port.await(), it)
                        while (client.liveBlobs() == 0) yield()
                    }
                    service.cancel()
                    out.write("cd".encodeToByteArray())
                    val answer =
                        runInterruptible(
                            Dispatchers.IO,
                        ) { socket.getInputStream().bufferedReader().readLine() }
                    answer shouldStartWith "HTTP/1.1 201"
                }
                service.join()
            }
        }
    })

/** Says that a blob comes, sends half of it, and closes the connection. */
private suspend fun dieHalfWay(
    port: Int,
    size: Int,
) = runInterruptible(Dispatchers.IO) {
    try {
        Socket(InetAddress.getLoopbackAddress(), port).use { socket ->
            val head = "POST /blobs HTTP/1.1\r\nHost: x\r\nContent-Length: $size\r\n\r\n"
            socket.getOutputStream().write(head.encodeToByteArray())
            socket.getOutputStream().write(ByteArray(size / 2))
            socket.setSoLinger(true, 0)
        }
    } catch (e: IOException) {
        // The server may be faster to hang up.
        println("client: $e")
    }
}
