package dev.pinnedstore.kotlin

import java.util.concurrent.atomic.AtomicIntegerArray

/**
 * Remembers which chunks of a shared store this process has mapped, as far as that was seen here.
 * Forgets some: then a call that needs no system call leaves the caller's thread all the same.
 *
 * A chunk keeps its id and its mapping until it is gone for good.
 *
 * **Thread safety.** Safe, without order: each slot stands for itself.
 */
internal class MappedChunks {
    private val slots = AtomicIntegerArray(SLOTS)

    operator fun contains(id: Int): Boolean = slots.getPlain(id and MASK) == id + 1

    operator fun plusAssign(id: Int) {
        slots.setPlain(id and MASK, id + 1)
    }

    private companion object {
        private const val SLOTS = 256
        private const val MASK = SLOTS - 1
    }
}
