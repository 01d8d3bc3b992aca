package dev.pinnedstore.samples.service

import dev.pinnedstore.kotlin.ByteSize
import dev.pinnedstore.kotlin.GB
import dev.pinnedstore.kotlin.MB

/** What the command line asks for. */
data class Options(
    val orders: Long = 200_000,
    val workers: Int = 2,
    val memory: ByteSize = 4.MB,
) {
    companion object {
        val USAGE =
            """
            |Usage: coroutine-service [--orders N] [--workers N] [--memory SIZE]
            |
            |Appends orders to a pinned page store while workers check them in place and
            |acknowledge them.
            |
            |  --orders N     how many orders, 1 to 100000000 (default ${Options().orders})
            |  --workers N    how many workers, 1 to 256 (default ${Options().workers})
            |  --memory SIZE  what the store may hold, 1 MB to 16 GB (default ${Options().memory})
            |  --help         print this
            """.trimMargin()

        private val ORDERS = 1L..100_000_000L
        private val WORKERS = 1L..256L
        private val MEMORY = 1.MB..16.GB

        /**
         * Reads a command line.
         *
         * @throws IllegalArgumentException naming the argument, its value and the legal range
         */
        fun parse(arguments: List<String>): Options {
            var options = Options()
            for (argument in arguments.chunked(2)) {
                val name = argument[0]
                val value = argument.getOrNull(1)
                options =
                    when (name) {
                        "--orders" -> options.copy(orders = number(name, value, ORDERS))
                        "--workers" -> options.copy(workers = number(name, value, WORKERS).toInt())
                        "--memory" -> options.copy(memory = memory(name, value))
                        else -> throw IllegalArgumentException("$name: no such option")
                    }
            }
            return options
        }

        private fun number(
            name: String,
            value: String?,
            range: LongRange,
        ): Long =
            requireNotNull(value?.toLongOrNull()?.takeIf { it in range }) {
                "$name=${value.orEmpty()}: must be between ${range.first} and ${range.last}"
            }

        private fun memory(
            name: String,
            value: String?,
        ): ByteSize =
            requireNotNull(value?.let(ByteSize::parseOrNull)?.takeIf { it in MEMORY }) {
                "$name=${value.orEmpty()}: must be between ${MEMORY.start} and " +
                    "${MEMORY.endInclusive}"
            }
    }
}
