package dev.pinnedstore.samples.service

import com.sun.net.httpserver.HttpServer
import dev.pinnedstore.kotlin.PinnedStoreSource
import dev.pinnedstore.kotlin.pinnedStore
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import java.net.BindException
import java.net.InetAddress
import java.net.InetSocketAddress
import java.util.concurrent.Executors
import kotlin.concurrent.thread
import kotlin.system.exitProcess

/** How long requests that run may take when the service ends, in seconds. */
private const val GRACE_SECONDS = 5
private const val ENDED = 0
private const val FAILED = 1
private const val MISUSED = 2

/** Runs the service until it is told to end (Ctrl-C, SIGTERM); see [Options.USAGE]. */
fun main(arguments: Array<String>) {
    exitProcess(runService(arguments.toList(), System.out, System.err))
}

/** Runs the service and returns the exit code: 0, 1 when the port is taken, 2 on misuse. */
internal fun runService(
    arguments: List<String>,
    out: Appendable,
    err: Appendable,
): Int {
    if ("--help" in arguments) {
        out.appendLine(Options.USAGE)
        return ENDED
    }
    val options =
        try {
            Options.parse(arguments)
        } catch (e: IllegalArgumentException) {
            err.appendLine(e.message).appendLine(Options.USAGE)
            return MISUSED
        }
    val service = Job()
    // Ends the store in good order, and lets requests that run come to their end.
    val hook = thread(start = false) { runBlocking { service.cancelAndJoin() } }
    Runtime.getRuntime().addShutdownHook(hook)
    return runBlocking {
        val serving =
            async(service + Dispatchers.Default) {
                serve(options) { port ->
                    out.appendLine("blobs are kept on http://localhost:$port")
                }
            }
        try {
            serving.await()
        } catch (_: CancellationException) {
            ENDED
        } catch (e: BindException) {
            err.appendLine("--port=${options.port}: ${e.message}")
            FAILED
        }
    }
}

internal fun store(options: Options): PinnedStoreSource = pinnedStore { maxBytes = options.memory }

/**
 * Serves until it is cancelled: takes no more requests then, waits for those that run, and closes
 * the store.
 *
 * @param started is told the port
 */
suspend fun serve(
    options: Options,
    started: (port: Int) -> Unit,
): Nothing =
    store(options).use { store ->
        val requests = Job()
        val metrics = Metrics(store)
        val blobs = BlobService(store, options.wait, metrics)
        val address = InetSocketAddress(InetAddress.getLoopbackAddress(), options.port)
        val server = withContext(Dispatchers.IO) { HttpServer.create(address, 0) }
        // A virtual thread for each request: reading and writing may block it, waiting parks it.
        val threads = Executors.newVirtualThreadPerTaskExecutor()
        server.executor = threads
        server.createContext("/") { exchange ->
            runBlocking(requests) { exchange.use { blobs.answer(it) } }
        }
        server.start()
        try {
            started(server.address.port)
            awaitCancellation()
        } finally {
            withContext(NonCancellable + Dispatchers.IO) {
                server.stop(GRACE_SECONDS)
                requests.cancelAndJoin()
                threads.close()
            }
        }
    }
