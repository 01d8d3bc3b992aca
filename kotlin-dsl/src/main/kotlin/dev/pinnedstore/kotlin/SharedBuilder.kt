package dev.pinnedstore.kotlin

import dev.pinnedstore.store.Backend
import java.nio.file.Path

/**
 * The settings of [StoreConfigBuilder.shared]. A value out of range is an
 * [IllegalArgumentException] as soon as it is set. Who attaches gets those of the namespace instead
 * and needs no more than the [directory].
 *
 * **Thread safety.** None: used by the one thread that runs the block.
 */
@PinnedStoreDsl
public class SharedBuilder internal constructor(
    namespace: String,
) {
    internal var backend: Backend.Shared = Backend.shared(namespace)
        private set

    /** The size of a chunk file, 65 bytes to 4 GiB less one byte; 32 MiB if never set. */
    public var chunkSize: ByteSize = ByteSize.of(backend.chunkSize())
        set(value) {
            backend = backend.chunkSize(value.bytes)
            field = value
        }

    /** How many chunks may be alive at a time, at least 1; [Long.MAX_VALUE] means unlimited. */
    public var maxChunks: Long = backend.maxChunks()
        set(value) {
            backend = backend.maxChunks(value)
            field = value
        }

    /** Where the files are; `/dev/shm` if never set. */
    public var directory: Path = backend.directory()
        set(value) {
            backend = backend.directory(value)
            field = value
        }
}
