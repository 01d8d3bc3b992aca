/** Buffer pool. */
@NullMarked
package dev.pinnedstore.pool;

import org.jspecify.annotations.NullMarked;
