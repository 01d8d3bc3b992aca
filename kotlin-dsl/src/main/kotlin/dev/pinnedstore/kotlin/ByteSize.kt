package dev.pinnedstore.kotlin

/**
 * A number of bytes, zero or more. Read and written in powers of 1024: `2.MB`, `2 MiB`.
 *
 * Arithmetic is exact: what would be negative or larger than [Long.MAX_VALUE] is an
 * [IllegalArgumentException]. Ordered and equal by [bytes].
 *
 * **Thread safety.** Immutable; a `Long` at run time, so it allocates nothing unless boxed.
 *
 * @property bytes the size in bytes
 */
@JvmInline
public value class ByteSize private constructor(
    public val bytes: Long,
) : Comparable<ByteSize> {
    /** The sum. */
    public operator fun plus(other: ByteSize): ByteSize =
        exactly((bytes + other.bytes).takeIf { it >= 0 }) { "$this + $other" }

    /** The difference; [other] must not be larger. */
    public operator fun minus(other: ByteSize): ByteSize =
        exactly((bytes - other.bytes).takeIf { it >= 0 }) { "$this - $other" }

    /** This size [count] times; [count] must not be negative. */
    public operator fun times(count: Int): ByteSize = times(count.toLong())

    /** This size [count] times; [count] must not be negative. */
    public operator fun times(count: Long): ByteSize =
        exactly(product(bytes, count)) { "$this * $count" }

    /** The size of each of [parts] equal parts, rounded down; [parts] must be positive. */
    public operator fun div(parts: Int): ByteSize = div(parts.toLong())

    /** The size of each of [parts] equal parts, rounded down; [parts] must be positive. */
    public operator fun div(parts: Long): ByteSize {
        require(parts > 0) { "$this / $parts: the divisor must be positive" }
        return ByteSize(bytes / parts)
    }

    /** How many times [other] fits in, rounded down; [other] must not be empty. */
    public operator fun div(other: ByteSize): Long {
        require(other.bytes > 0) { "$this / $other: the divisor must be positive" }
        return bytes / other.bytes
    }

    override fun compareTo(other: ByteSize): Int = bytes.compareTo(other.bytes)

    /** The exact size in the largest unit that divides it, for example `2 MiB` or `1000 B`. */
    override fun toString(): String {
        val power = if (bytes == 0L) 0 else bytes.countTrailingZeroBits() / BITS_PER_UNIT
        val unit = power.coerceAtMost(UNITS.lastIndex)
        return "${bytes shr unit * BITS_PER_UNIT} ${UNITS[unit]}"
    }

    /** Makes sizes from numbers and text. */
    public companion object {
        private const val BITS_PER_UNIT = 10
        private val UNITS = listOf("B", "KiB", "MiB", "GiB", "TiB")
        private val TEXT = Regex("""(\d+)\s*(?:([KMGT])(?:i?B)?|B)?""", RegexOption.IGNORE_CASE)

        /**
         * A size of so many bytes.
         *
         * @throws IllegalArgumentException when [bytes] is negative
         */
        public fun of(bytes: Long): ByteSize = exactly(bytes.takeIf { it >= 0 }) { "bytes=$bytes" }

        /**
         * Reads a whole number with a unit: `B`, `KB`, `KiB` or `K`, and so on up to `T`, in upper
         * or lower case, with or without spaces; without a unit, bytes. All units are powers of
         * 1024. Reads what [toString] writes.
         *
         * @throws IllegalArgumentException when [text] is anything else, or too large
         */
        public fun parse(text: String): ByteSize =
            requireNotNull(parseOrNull(text)) {
                "size=$text: must be a whole number with a unit of B, KB, MB, GB or TB, for " +
                    "example 64 MB, and at most ${Long.MAX_VALUE} bytes"
            }

        /** Reads a size as [parse] does; null when [text] is anything else, or too large. */
        public fun parseOrNull(text: String): ByteSize? {
            val (digits, unit) = TEXT.matchEntire(text.trim())?.destructured ?: return null
            val power = if (unit.isEmpty()) 0 else "KMGT".indexOf(unit, ignoreCase = true) + 1
            return digits
                .toLongOrNull()
                ?.let { product(it, 1L shl power * BITS_PER_UNIT) }
                ?.let(::ByteSize)
        }

        internal fun ofUnits(
            count: Long,
            power: Int,
            unit: String,
        ): ByteSize {
            val most = Long.MAX_VALUE shr power * BITS_PER_UNIT
            require(count in 0..most) { "size=$count $unit: must be between 0 and $most $unit" }
            return ByteSize(count shl power * BITS_PER_UNIT)
        }

        /** The product, or null when it is negative or does not fit. */
        private fun product(
            bytes: Long,
            count: Long,
        ): Long? =
            (bytes * count).takeIf {
                count >= 0 && it >= 0 && Math.multiplyHigh(bytes, count) == 0L
            }

        private inline fun exactly(
            bytes: Long?,
            what: () -> String,
        ): ByteSize =
            ByteSize(
                requireNotNull(bytes) {
                    "${what()}: must be between 0 and ${Long.MAX_VALUE} bytes"
                },
            )
    }
}
