/**
 * The pager.
 */
@NullMarked
package dev.pinnedstore.pager;

import org.jspecify.annotations.NullMarked;
