package dev.pinnedstore.buffer;

/**
 * What an open file does, and why not more. Fixed as long as the file is open, unless its ring
 * fails: operations that the ring had taken fail then, and later ones go on virtual threads.
 *
 * @param direct whether I/O goes past the system's page cache
 * @param directReason why it does not; empty if it does
 * @param alignment what addresses, lengths and positions must be multiples of, in bytes; 1 for
 *     buffered I/O
 * @param ioUring whether asynchronous operations on slices of an {@link AlignedBuffer} go through
 *     io_uring; otherwise, and always on slices of foreign segments, they go on virtual threads, or
 *     on Windows through completion ports (untested) unless virtual threads were asked for
 * @param ioUringReason why they do not; empty if they do
 */
public record FileCapabilities(
    boolean direct, String directReason, int alignment, boolean ioUring, String ioUringReason) {}
