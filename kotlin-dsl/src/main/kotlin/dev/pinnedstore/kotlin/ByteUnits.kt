package dev.pinnedstore.kotlin

// KB and KiB are the same: sizes of memory and pages come in powers of 1024. Each property throws
// IllegalArgumentException when the receiver is negative or the size exceeds Long.MAX_VALUE bytes.

/** So many bytes; must not be negative. */
public val Int.bytes: ByteSize get() = ByteSize.of(toLong())

/** So many bytes; must not be negative. */
public val Long.bytes: ByteSize get() = ByteSize.of(this)

/** So many times 1024 bytes; must not be negative. */
public val Int.KB: ByteSize get() = ByteSize.ofUnits(toLong(), 1, "KB")

/** So many times 1024 bytes; must not be negative. */
public val Long.KB: ByteSize get() = ByteSize.ofUnits(this, 1, "KB")

/** So many times 1024 * 1024 bytes; must not be negative. */
public val Int.MB: ByteSize get() = ByteSize.ofUnits(toLong(), 2, "MB")

/** So many times 1024 * 1024 bytes; must not be negative. */
public val Long.MB: ByteSize get() = ByteSize.ofUnits(this, 2, "MB")

/** So many times 1024 * 1024 * 1024 bytes; must not be negative. */
public val Int.GB: ByteSize get() = ByteSize.ofUnits(toLong(), 3, "GB")

/** So many times 1024 * 1024 * 1024 bytes; must not be negative. */
public val Long.GB: ByteSize get() = ByteSize.ofUnits(this, 3, "GB")

/** So many times 1024 * 1024 * 1024 * 1024 bytes; must not be negative. */
public val Int.TB: ByteSize get() = ByteSize.ofUnits(toLong(), 4, "TB")

/** So many times 1024 * 1024 * 1024 * 1024 bytes; must not be negative. */
public val Long.TB: ByteSize get() = ByteSize.ofUnits(this, 4, "TB")

/** So many times 1024 bytes; must not be negative. */
public val Int.KiB: ByteSize get() = ByteSize.ofUnits(toLong(), 1, "KiB")

/** So many times 1024 bytes; must not be negative. */
public val Long.KiB: ByteSize get() = ByteSize.ofUnits(this, 1, "KiB")

/** So many times 1024 * 1024 bytes; must not be negative. */
public val Int.MiB: ByteSize get() = ByteSize.ofUnits(toLong(), 2, "MiB")

/** So many times 1024 * 1024 bytes; must not be negative. */
public val Long.MiB: ByteSize get() = ByteSize.ofUnits(this, 2, "MiB")

/** So many times 1024 * 1024 * 1024 bytes; must not be negative. */
public val Int.GiB: ByteSize get() = ByteSize.ofUnits(toLong(), 3, "GiB")

/** So many times 1024 * 1024 * 1024 bytes; must not be negative. */
public val Long.GiB: ByteSize get() = ByteSize.ofUnits(this, 3, "GiB")

/** So many times 1024 * 1024 * 1024 * 1024 bytes; must not be negative. */
public val Int.TiB: ByteSize get() = ByteSize.ofUnits(toLong(), 4, "TiB")

/** So many times 1024 * 1024 * 1024 * 1024 bytes; must not be negative. */
public val Long.TiB: ByteSize get() = ByteSize.ofUnits(this, 4, "TiB")
