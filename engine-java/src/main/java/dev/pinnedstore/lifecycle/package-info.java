/**
 * When memory comes and goes: growth ahead of the writer, decay behind it.
 *
 * <p>Everything here sees {@link dev.pinnedstore.backend.StorageBackend} alone, whatever is behind
 * it. It may import {@code dev.pinnedstore.backend}.
 */
@NullMarked
package dev.pinnedstore.lifecycle;

import org.jspecify.annotations.NullMarked;
