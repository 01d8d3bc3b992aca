package dev.pinnedstore.samples.service

import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.comparables.shouldBeLessThanOrEqualTo
import io.kotest.matchers.shouldBe
import io.kotest.matchers.shouldNotBe
import java.lang.foreign.MemorySegment
import java.lang.foreign.ValueLayout.JAVA_BYTE

class OrderLayoutSpec :
    FreeSpec({
        val scratch = MemorySegment.ofArray(ByteArray(OrderLayout.MAX_BYTES.toInt()))

        "an order that was written is whole and counts as itself" {
            val order = Order(id = 7, customer = 1, quantity = 3, cents = 250, note = "ring twice")
            val written = OrderLayout.write(order, scratch)
            written.byteSize() shouldBe 42
            OrderLayout.isWhole(written) shouldBe true
            OrderLayout.tally(written) shouldBe Tally(orders = 1, ids = 7, cents = 750, bytes = 42)
        }

        "any byte that changes is noticed" {
            val written = OrderLayout.write(Order.sample(3).copy(note = "ring twice"), scratch)
            for (at in 0 until written.byteSize()) {
                val byte = written.get(JAVA_BYTE, at)
                written.set(JAVA_BYTE, at, (byte + 1).toByte())
                OrderLayout.isWhole(written) shouldBe false
                written.set(JAVA_BYTE, at, byte)
            }
            OrderLayout.isWhole(written) shouldBe true
        }

        "a part of an order is not whole" {
            val written = OrderLayout.write(Order.sample(3).copy(note = "ring twice"), scratch)
            for (size in 0 until written.byteSize()) {
                OrderLayout.isWhole(written.asSlice(0, size)) shouldBe false
            }
        }

        "sample orders repeat by id, differ, and fit" {
            val orders = List(10_000) { Order.sample(it.toLong()) }
            orders shouldBe List(10_000) { Order.sample(it.toLong()) }
            orders[1].copy(id = 0) shouldNotBe orders[0]
            orders.maxOf { OrderLayout.write(it, scratch).byteSize() } shouldBeLessThanOrEqualTo
                OrderLayout.MAX_BYTES
            orders.map { it.note }.toSet().size shouldBe 16
        }
    })
