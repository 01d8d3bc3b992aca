/**
 * A crash-consistent file of pages of one size, to build storage on: {@link
 * dev.pinnedstore.pager.Pager}. Exported; uses {@code os} and nothing else of the project.
 *
 * {@snippet class="dev.pinnedstore.pager.PagerSnippets" region="quickstart"}
 *
 * <h2>What is kept</h2>
 *
 * <ul>
 *   <li><b>Pages</b>: which are in use, under which {@link dev.pinnedstore.pager.PageId}. Their
 *       bytes are mapped memory; {@link dev.pinnedstore.pager.Pager#flush(PageId)} and {@link
 *       dev.pinnedstore.pager.Pager#sync()} wait until they are on the medium.
 *   <li><b>{@linkplain dev.pinnedstore.pager.ProtectedPage Protected pages}</b>: their bytes too,
 *       as of a commit, with a checksum.
 *   <li><b>{@linkplain dev.pinnedstore.pager.SubPageAllocator Sub-pages}</b>: which are in use.
 *   <li><b>User roots</b>: 16 numbers.
 * </ul>
 *
 * <p>When a change is safe from a crash is the caller's choice: {@link
 * dev.pinnedstore.pager.Durability}. A crash leaves the state after some change, never a part of
 * one. A page that was freed is not handed out again before its freeing is durable, so even then no
 * owner that comes back finds another's bytes. A handle is never issued twice, not even one that a
 * crash undid; each page has some 16 million of them, less one for each crash, and is retired after
 * that.
 *
 * <p>A file has up to 2^40 - 2^14 pages, as far as the file system lets it grow; sub-pages lie in
 * the first 2^34 of them. An allocation or a free takes the same few steps whatever the number of
 * pages. Opening reads the upper levels of the page map; in memory a pager keeps those leaves of it
 * that were used, 8 bytes for each page.
 *
 * <h2>Format, version 1.0</h2>
 *
 * All numbers are little endian and unsigned; a checksum is CRC-32C. The layout classes have the
 * byte tables; this is the whole of it.
 *
 * <p><b>File.</b> Two superblocks of 4096 bytes, the log, and extents. Extent 0 has F = max(1,
 * 65536 / page size) pages, extent e the pages from F * 2^(e-1) up to F * 2^e. An extent is: the
 * blocks of the page map of levels 4, 3, 2, 1, 0, those of the slot map, and its pages. Block n of
 * level k of the page map tells about pages n * 2^(9 + 8k) and following, of the slot map about n *
 * 2^(4 + 8k) and following; it lies in the extent of that page, and has two places of 4096 bytes
 * one behind the other. The file is as long as its extents; what is not used is a hole.
 *
 * <pre>
 * superblock  0 magic "PINPAGE1"    8 major u16     10 minor u16     12 page shift u32
 *            16 generation u64     24 file id u64   32 log bytes u64
 *            40 page count u64     48 used count u64  56 reuse floor u64
 *            64 page map entry     80 slot map entry  96 user roots, 16 x u64
 *           224 epoch u32         228 flags u32: 1 open, 2 sparse
 *           508 checksum of bytes 0 to 508
 *
 * map entry   0 checksum u32   4 flags u8   5 bit 0 copy, bit 1 present   6 zero   8 generation u64
 *             flags: 1 free page, 2 free pair, 4 sub-pages, 8 pages in use somewhere below
 *             checksum of the block, file id, generation, index, map * 256 + level, 8 bytes each
 * map block   level 0: 512 words u64; levels 1 to 4: 256 map entries
 *
 * page word   bits 0-7 kind   8-31 reuse count   32-63 payload
 *             0 free  1 page  2 protected  3 protected, swapped  4 shadow  5 spent
 *             8 + n cut into 2^n sub-pages, n = 1 to 6
 * slot word   two slots, the even one low: bits 0-23 reuse count, 24 used; 32 words for each page
 *
 * log batch   at multiples of 64 bytes: 0 checksum u32   4 entries u32   8 generation u64
 *             16 sequence u64   24 entries: key u64, value u64
 *             checksum of bytes 4 to the end, file id, place in the log
 *             key: bits 60-63 0 page word, 1 slot word, 2 root, 3 page count; below the index
 * </pre>
 *
 * <p>The next use of what is free has the larger of the reuse count in its word and of the reuse
 * floor, plus the epoch; in a word in use, the reuse count is that of this use. The first change
 * after an open is preceded by a superblock that says open; a close writes one that does not. Who
 * opens a file that is open, or whose log holds a batch, adds one to the epoch. A sparse file may
 * have pages without space. A protected page p has its other place at p + max(1, 4096 / page size);
 * the payload of its word is the checksum of the active bytes and of the handle's value. The newest
 * superblock with a good checksum counts, then the batches of its generation, from sequence 0,
 * until one is not whole. Other majors are refused.
 */
@NullMarked
package dev.pinnedstore.pager;

import org.jspecify.annotations.NullMarked;
