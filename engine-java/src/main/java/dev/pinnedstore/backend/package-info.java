/**
 * Where bytes live: {@link dev.pinnedstore.backend.StorageBackend} and its strategies.
 *
 * <p>Everything here speaks in codes and primitives; handles and exceptions are made by the facade.
 * It may import {@code dev.pinnedstore.os} and nothing else of the project.
 */
@NullMarked
package dev.pinnedstore.backend;

import org.jspecify.annotations.NullMarked;
