package dev.pinnedstore.samples.service

/** An order as the shop sends it. */
data class Order(
    val id: Long,
    val customer: Int,
    val quantity: Int,
    val cents: Long,
    val note: String,
) {
    companion object {
        /** An order that is the same for the same id. */
        fun sample(id: Long): Order {
            val dice = (id + 1) * 0x9E3779B97F4A7C15uL.toLong()
            return Order(
                id = id,
                customer = (dice ushr 50).toInt(),
                quantity = 1 + (dice ushr 40 and 7).toInt(),
                cents = 99 + (dice ushr 20 and 0xFFFF),
                note = "leave it at the door; ".repeat((dice ushr 60).toInt()),
            )
        }
    }
}

/** What a number of orders comes to. */
data class Tally(
    val orders: Long = 0,
    val ids: Long = 0,
    val cents: Long = 0,
    val bytes: Long = 0,
) {
    operator fun plus(other: Tally): Tally =
        Tally(
            orders + other.orders,
            ids + other.ids,
            cents + other.cents,
            bytes + other.bytes,
        )
}
