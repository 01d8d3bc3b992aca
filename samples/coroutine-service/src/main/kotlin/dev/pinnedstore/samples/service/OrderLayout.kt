package dev.pinnedstore.samples.service

import java.lang.foreign.MemorySegment
import java.lang.foreign.ValueLayout
import java.util.zip.CRC32C

/**
 * How an order lies in memory, in the byte order of the machine, which it does not leave.
 *
 * ```
 *   0          8           12          16         24            28         32
 *   +----------+-----------+-----------+----------+-------------+----------+----------
 *   | id       | customer  | quantity  | cents    | note bytes  | CRC-32C  | note ...
 *   +----------+-----------+-----------+----------+-------------+----------+----------
 * ```
 *
 * The checksum is over everything else.
 */
object OrderLayout {
    private val LONG = ValueLayout.JAVA_LONG_UNALIGNED
    private val INT = ValueLayout.JAVA_INT_UNALIGNED
    private const val ID = 0L
    private const val CUSTOMER = 8L
    private const val QUANTITY = 12L
    private const val CENTS = 16L
    private const val NOTE_BYTES = 24L
    private const val CHECKSUM = 28L
    private const val NOTE = 32L

    /** The longest order, in bytes. */
    const val MAX_BYTES = 1024L

    /** Writes an order at the start of a segment and returns the part that it takes. */
    fun write(
        order: Order,
        target: MemorySegment,
    ): MemorySegment {
        val note = order.note.encodeToByteArray()
        val segment = target.asSlice(0, NOTE + note.size)
        segment.set(LONG, ID, order.id)
        segment.set(INT, CUSTOMER, order.customer)
        segment.set(INT, QUANTITY, order.quantity)
        segment.set(LONG, CENTS, order.cents)
        segment.set(INT, NOTE_BYTES, note.size)
        MemorySegment.copy(note, 0, segment, ValueLayout.JAVA_BYTE, NOTE, note.size)
        segment.set(INT, CHECKSUM, checksum(segment))
        return segment
    }

    /** Whether the bytes are those that were written. Reads them in place. */
    fun isWhole(segment: MemorySegment): Boolean =
        segment.byteSize() >= NOTE &&
            segment.get(INT, NOTE_BYTES) == (segment.byteSize() - NOTE).toInt() &&
            segment.get(INT, CHECKSUM) == checksum(segment)

    /** What the order in these bytes comes to. */
    fun tally(segment: MemorySegment): Tally =
        Tally(
            orders = 1,
            ids = segment.get(LONG, ID),
            cents = segment.get(LONG, CENTS) * segment.get(INT, QUANTITY),
            bytes = segment.byteSize(),
        )

    private fun checksum(segment: MemorySegment): Int {
        val crc = CRC32C()
        crc.update(segment.asSlice(0, CHECKSUM).asByteBuffer())
        crc.update(segment.asSlice(NOTE).asByteBuffer())
        return crc.value.toInt()
    }
}
