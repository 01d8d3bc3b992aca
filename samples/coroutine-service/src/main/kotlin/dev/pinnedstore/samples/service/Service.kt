package dev.pinnedstore.samples.service

import kotlinx.coroutines.runBlocking
import kotlin.system.exitProcess

private const val RIGHT = 0
private const val WRONG = 1
private const val MISUSED = 2

/** Runs the service once; see [Options.USAGE]. */
fun main(arguments: Array<String>) {
    val code = runBlocking { runService(arguments.toList(), System.out, System.err) }
    exitProcess(code)
}

/** Runs the service and returns the exit code: 0, 1 when an order was wrong, 2 on misuse. */
internal suspend fun runService(
    arguments: List<String>,
    out: Appendable,
    err: Appendable,
): Int {
    if ("--help" in arguments) {
        out.appendLine(Options.USAGE)
        return RIGHT
    }
    val options =
        try {
            Options.parse(arguments)
        } catch (e: IllegalArgumentException) {
            err.appendLine(e.message).appendLine(Options.USAGE)
            return MISUSED
        }
    return try {
        val summary = serve(options)
        out.appendLine(summary.toString())
        if (summary.isRight) RIGHT else WRONG
    } catch (e: CorruptOrderException) {
        err.appendLine(e.message)
        WRONG
    }
}
