package dev.pinnedstore.kotlin

import dev.pinnedstore.store.Backend

/**
 * The settings of [StoreConfigBuilder.virtual]. A value out of range is an
 * [IllegalArgumentException] as soon as it is set.
 *
 * **Thread safety.** None: used by the one thread that runs the block.
 */
@PinnedStoreDsl
public class VirtualBuilder internal constructor() {
    internal var backend: Backend = Backend.virtual()
        private set

    /**
     * The range of addresses, a multiple of 2 MiB up to 64 TiB; 1 TiB if never set. Addresses cost
     * no memory.
     */
    public var reserve: ByteSize = 1.TB
        set(value) {
            backend = Backend.virtual(value.bytes)
            field = value
        }
}
