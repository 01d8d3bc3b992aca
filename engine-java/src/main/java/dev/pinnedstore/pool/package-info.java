/**
 * A buffer pool: pages of files, held in frames of memory while they are pinned or worth it.
 * Exported; uses {@code buffer} and {@code os}. Begin with {@link dev.pinnedstore.pool.BufferPool}.
 *
 * <h2>What there is</h2>
 *
 * <p>One word for each page of a file, in chunks that are made when first needed ({@code
 * PageTable}), says where the page is, who uses it and which state of it that is ({@code
 * PageWordLayout} has the table of its bits). The frames are one buffer, from 2 MiB on aligned to
 * that, cut into pages ({@code FrameTable}). A lookup is one load of the word; a pin one CAS of it.
 *
 * <p>What becomes of a word, and who may do it:
 *
 * <pre>
 *   absent   - CAS by whoever misses ------------------------&gt; busy       (loads)
 *   busy     - its owner, page in frame ---------------------&gt; resident, pinned or exclusive
 *   busy     - its owner, load failed or page left ----------&gt; absent
 *   resident - CAS, +1 / fetch-and-add, -1 ------------------&gt; pinned, n times
 *   resident - CAS by one who writes ------------------------&gt; exclusive
 *   exclusive- fetch-and-add by its guard -------------------&gt; resident
 *   resident - CAS by an eviction, under the policy's lock --&gt; busy       (leaves)
 *   busy     - the eviction, page could not be written ------&gt; resident
 * </pre>
 *
 * <p>Locks, in the order in which they are taken: the writer's (batches on their way), the policy's
 * ({@code Replacement}; no I/O under it), a stripe's of {@code LatchWaits}. Nobody waits for a
 * latch while holding one of them.
 *
 * <h2>What a policy is told</h2>
 *
 * <p>A page that was loaded, and the first use of a page since the policy was last asked, which
 * sets a bit of its word, put its frame into a queue ({@code AccessLog}); the next search for a
 * victim drains the queue. So a page that is always hit writes nothing, a miss waits for no other,
 * and a policy sees each page once between two searches, in the order of first use.
 *
 * <h2>How a page is written</h2>
 *
 * <p>{@code PageWriter} takes a copy under a shared pin, marks the frame clean and flushing before
 * it copies, and waits until {@link dev.pinnedstore.pool.WriteAheadLog#flushedLsn()} covers the
 * batch. The next batch is copied while one is written; with a double-write area it begins when
 * that one has ended, without one at once. What a crash leaves, step by step:
 *
 * <ol>
 *   <li>before the double-write area is durable: all pages as they were, the area perhaps damaged,
 *       which its checksums tell;
 *   <li>while pages are written to their places: some old, some new, some torn; the area is whole,
 *       and the next opening restores those that are torn ({@code PoolFile.recover}). Where storage
 *       failed there and not the process, the next batch first writes the area's pages to their
 *       places ({@code PoolFile.mend}), since it takes the area;
 *   <li>before the places are durable: the same;
 *   <li>inside that recovery: the same again, since the area is only read;
 *   <li>after: all pages new. The area holds them still, until the next batch.
 * </ol>
 *
 * <p>Without a double-write area a torn page is found by its checksum when it is loaded, and
 * restored by the log or refused. Without checksums the area is written back whole. A page is as of
 * some moment after its last flush that returned; the log knows the rest.
 *
 * <p>A sync that fails ends the use of its file: nothing more is written, read or made durable
 * there, and what is in frames can still be read. Pages written since the last good sync do not
 * leave their frames any more ({@code PoolFile.isLost}). The same where the system gave a write up
 * that it may still carry out; the memory of such an operation is never used again.
 *
 * <h2>Memory</h2>
 *
 * <p>Beside the pages: 8 bytes for each page of a touched chunk, 44 to 52 for each frame, two
 * batches of pages, and what the policy has for each frame: about 20 of CLOCK, 30 of LRU, 65 of 2Q,
 * 175 of LIRS and 470 of LRU-K, since these also remember pages that left.
 */
@NullMarked
package dev.pinnedstore.pool;

import org.jspecify.annotations.NullMarked;
