/**
 * Tests of the shared backend, with a peer that does on files what the Rust original does.
 *
 * <p>Uses the public API of the store and nothing of its inside.
 */
@NullMarked
package dev.pinnedstore.store.shared;

import org.jspecify.annotations.NullMarked;
