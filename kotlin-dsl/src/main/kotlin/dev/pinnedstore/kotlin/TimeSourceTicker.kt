package dev.pinnedstore.kotlin

import dev.pinnedstore.store.Ticker
import kotlin.time.TimeSource

/** A Kotlin time source as the engine's clock; equal when the source is, so configs compare. */
internal data class TimeSourceTicker(
    val source: TimeSource.WithComparableMarks,
) : Ticker {
    private val origin = source.markNow()

    override fun nanos(): Long = origin.elapsedNow().inWholeNanoseconds
}
