package dev.pinnedstore.os;

import java.lang.foreign.MemorySegment;

/**
 * Where the queues of a ring are.
 *
 * @param rings both rings
 * @param submissions the entries of the submission queue
 * @param sqHead offset of its head, which the kernel moves
 * @param sqTail offset of its tail, which we move
 * @param sqArray offset of its array of indexes
 * @param sqEntries its entries, a power of two
 * @param cqHead offset of the completion queue's head, which we move
 * @param cqTail offset of its tail, which the kernel moves
 * @param cqes offset of its entries
 * @param cqEntries their number, a power of two
 */
record UringMemory(
    MemorySegment rings,
    MemorySegment submissions,
    long sqHead,
    long sqTail,
    long sqArray,
    int sqEntries,
    long cqHead,
    long cqTail,
    long cqes,
    int cqEntries) {}
