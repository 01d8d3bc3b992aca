package dev.pinnedstore.samples.service

import dev.pinnedstore.kotlin.ByteSize
import dev.pinnedstore.kotlin.GB
import dev.pinnedstore.kotlin.MB
import kotlin.time.Duration
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

/** What the command line asks for. */
data class Options(
    val port: Int = 8080,
    val memory: ByteSize = 64.MB,
    val wait: Duration = 1.seconds,
) {
    companion object {
        val USAGE =
            """
            |Usage: coroutine-service [--port N] [--memory SIZE] [--wait TIME]
            |
            |Keeps blobs in a pinned page store, on http://localhost.
            |
            |  POST /blobs            streams a blob in, answers with its handle
            |  GET /blobs/HANDLE      streams it out
            |  DELETE /blobs/HANDLE   acknowledges it
            |  GET /stats             the store's figures as JSON
            |  GET /metrics           the same for Prometheus
            |
            |  --port N       0 to 65535, 0 for any free one (default ${Options().port})
            |  --memory SIZE  what the store may hold, 2 MB to 16 GB (default ${Options().memory})
            |  --wait TIME    how long a POST waits for room before it is answered with 503, 0s to
            |                 10m (default ${Options().wait})
            |  --help         print this
            """.trimMargin()

        private val PORTS = 0..65_535
        private val MEMORY = 2.MB..16.GB
        private val WAITS = Duration.ZERO..10.minutes

        /**
         * Reads a command line.
         *
         * @throws IllegalArgumentException naming the argument, its value and the legal range
         */
        fun parse(arguments: List<String>): Options {
            var options = Options()
            for (argument in arguments.chunked(2)) {
                val name = argument[0]
                val value = argument.getOrNull(1).orEmpty()
                options =
                    when (name) {
                        "--port" -> {
                            options.copy(port = value.toIntOrNull().within(PORTS, name, value))
                        }

                        "--memory" -> {
                            options.copy(
                                memory = ByteSize.parseOrNull(value).within(MEMORY, name, value),
                            )
                        }

                        "--wait" -> {
                            options.copy(
                                wait = Duration.parseOrNull(value).within(WAITS, name, value),
                            )
                        }

                        else -> {
                            throw IllegalArgumentException("$name: no such option")
                        }
                    }
            }
            return options
        }

        private fun <T : Comparable<T>> T?.within(
            range: ClosedRange<T>,
            name: String,
            value: String,
        ): T =
            requireNotNull(this?.takeIf { it in range }) {
                "$name=$value: must be between ${range.start} and ${range.endInclusive}"
            }
    }
}
