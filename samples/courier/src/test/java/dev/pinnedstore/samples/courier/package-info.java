/** Tests of the courier. */
@NullMarked
package dev.pinnedstore.samples.courier;

import org.jspecify.annotations.NullMarked;
