/**
 * Aligned memory and files that are read and written without a copy: {@link
 * dev.pinnedstore.buffer.AlignedBuffer} owns memory, {@link dev.pinnedstore.buffer.IoSlice} is a
 * part of it, {@link dev.pinnedstore.buffer.DirectFile} moves slices to and from a file, past the
 * system's page cache where the file system takes that. Exported; uses {@code os} alone.
 */
@NullMarked
package dev.pinnedstore.buffer;

import org.jspecify.annotations.NullMarked;
