package dev.pinnedstore.kotlin

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.collections.shouldBeSorted
import io.kotest.matchers.nulls.shouldBeNull
import io.kotest.matchers.shouldBe
import io.kotest.property.Arb
import io.kotest.property.arbitrary.element
import io.kotest.property.arbitrary.int
import io.kotest.property.arbitrary.long
import io.kotest.property.checkAll

private const val MOST = Long.MAX_VALUE

class ByteSizeSpec :
    FreeSpec({
        "every unit is a power of 1024, on Int and Long, with and without i" {
            listOf(1.bytes, 1.KB, 1.MB, 1.GB, 1.TB).map { it.bytes } shouldBe
                listOf(0, 10, 20, 30, 40).map { 1L shl it }
            listOf(3.KiB, 3.MiB, 3.GiB, 3.TiB) shouldBe listOf(3.KB, 3.MB, 3.GB, 3.TB)
            listOf(5L.bytes, 5L.KB, 5L.MB, 5L.GB, 5L.TB) shouldBe
                listOf(5.bytes, 5.KB, 5.MB, 5.GB, 5.TB)
            listOf(7L.KiB, 7L.MiB, 7L.GiB, 7L.TiB) shouldBe listOf(7.KB, 7.MB, 7.GB, 7.TB)
        }

        "the largest count of each unit is accepted and one more refused" {
            val units: List<Pair<Int, (Long) -> ByteSize>> =
                listOf(10 to { it.KB }, 20 to { it.MB }, 30 to { it.GB }, 40 to { it.TB })
            for ((bits, unit) in units) {
                val most = MOST shr bits
                unit(most).bytes shouldBe (most shl bits)
                shouldThrow<IllegalArgumentException> { unit(most + 1) }
                shouldThrow<IllegalArgumentException> { unit(-1) }
            }
            MOST.bytes.bytes shouldBe MOST
        }

        "a size out of range names value and range" {
            shouldThrow<IllegalArgumentException> { (-1).bytes }.message shouldBe
                "bytes=-1: must be between 0 and $MOST bytes"
            shouldThrow<IllegalArgumentException> { ByteSize.of(Long.MIN_VALUE) }.message shouldBe
                "bytes=${Long.MIN_VALUE}: must be between 0 and $MOST bytes"
            shouldThrow<IllegalArgumentException> { MOST.GiB }.message shouldBe
                "size=$MOST GiB: must be between 0 and 8589934591 GiB"
        }

        "sums, differences, products and quotients are exact" {
            1.MB + 512.KB shouldBe 1536.KB
            1.MB - 512.KB shouldBe 512.KB
            1.MB - 1.MB shouldBe 0.bytes
            3.KB * 4 shouldBe 12.KB
            3.KB * 0 shouldBe 0.bytes
            3.KB * 4L shouldBe 12.KB
            10.KB / 3 shouldBe 3413.bytes
            10.KB / 3L shouldBe 3413.bytes
            10.KB / 3.KB shouldBe 3L
        }

        "arithmetic that leaves the range is refused with both operands in the message" {
            val range = "must be between 0 and $MOST bytes"
            shouldThrow<IllegalArgumentException> { MOST.bytes + 1.bytes }.message shouldBe
                "$MOST B + 1 B: $range"
            shouldThrow<IllegalArgumentException> { 1.KB - 2.KB }.message shouldBe
                "1 KiB - 2 KiB: $range"
            shouldThrow<IllegalArgumentException> { 2.TB * MOST }.message shouldBe
                "2 TiB * $MOST: $range"
            shouldThrow<IllegalArgumentException> { 4.GB * (1L shl 31) }
            shouldThrow<IllegalArgumentException> { 1.KB * -1 }
            shouldThrow<IllegalArgumentException> { 1.KB * Long.MIN_VALUE }
            shouldThrow<IllegalArgumentException> { 1.KB / 0 }
            shouldThrow<IllegalArgumentException> { 1.KB / -1L }
            shouldThrow<IllegalArgumentException> { 1.KB / 0.bytes }
        }

        "products agree with exact multiplication wherever they are defined" {
            val bits = Arb.int(0..62)
            checkAll(Arb.long(0L..MOST), bits, Arb.long(), bits) { large, less, huge, fewer ->
                val bytes = large shr less
                val count = huge shr fewer
                val exact = bytes.toBigInteger() * count.toBigInteger()
                val fits = count >= 0 && exact.bitLength() < Long.SIZE_BITS
                runCatching { ByteSize.of(bytes) * count }.map { it.bytes }.getOrNull() shouldBe
                    exact.takeIf { fits }?.toLong()
            }
        }

        "text shows the largest unit that divides the size" {
            listOf(0.bytes, 1000.bytes, 1536.bytes, 2.KB, 1536.KB, 2.MB, 3.GB, 4.TB, 2048.TB)
                .map { it.toString() } shouldBe
                listOf(
                    "0 B",
                    "1000 B",
                    "1536 B",
                    "2 KiB",
                    "1536 KiB",
                    "2 MiB",
                    "3 GiB",
                    "4 TiB",
                    "2048 TiB",
                )
        }

        "parse reads what toString writes" {
            checkAll(Arb.long(0L..MOST), Arb.element(0, 10, 20, 30, 40, 50)) { bits, zeros ->
                val size = ByteSize.of(bits shr zeros shl zeros)
                ByteSize.parse(size.toString()) shouldBe size
            }
        }

        "parse takes units with and without i and B, in either case, and spaces" {
            val accepted =
                mapOf(
                    "64" to 64.bytes,
                    "64B" to 64.bytes,
                    " 64 b " to 64.bytes,
                    "64k" to 64.KB,
                    "64 KB" to 64.KB,
                    "64kib" to 64.KB,
                    "2M" to 2.MB,
                    "2 MiB" to 2.MB,
                    "2gb" to 2.GB,
                    "2  TiB" to 2.TB,
                    "8388607 TB" to 8388607.TB,
                    "$MOST" to MOST.bytes,
                )
            accepted.mapValues { ByteSize.parse(it.key) } shouldBe accepted
        }

        "parse refuses everything else, naming the text" {
            val refused =
                listOf(
                    "",
                    " ",
                    "MB",
                    "-1",
                    "+1",
                    "1.5 MB",
                    "1 PB",
                    "1 iB",
                    "1 MB 1",
                    "1e3",
                    "٣ MB",
                    "9223372036854775808",
                    "8388608 TB",
                    "99999999999999999999 KB",
                )
            for (text in refused) {
                ByteSize.parseOrNull(text).shouldBeNull()
                shouldThrow<IllegalArgumentException> { ByteSize.parse(text) }.message shouldBe
                    "size=$text: must be a whole number with a unit of B, KB, MB, GB or TB, for " +
                    "example 64 MB, and at most $MOST bytes"
            }
        }

        "sizes are ordered by their bytes" {
            listOf(0.bytes, 1023.bytes, 1.KB, 1.MB, 1024.MB + 1.bytes, 2.GB).shouldBeSorted()
        }
    })
