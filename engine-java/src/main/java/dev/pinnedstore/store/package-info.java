/**
 * What callers use: the store, its configuration, handles, figures, events and exceptions.
 * Exported; uses {@code lifecycle}, {@code backend} and {@code os}, and none of them knows this
 * package.
 */
@NullMarked
package dev.pinnedstore.store;

import org.jspecify.annotations.NullMarked;
