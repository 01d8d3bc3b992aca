package dev.pinnedstore.pager;

/**
 * What a checkpoint says of a file; see {@link SuperblockLayout}. The arrays are the holder's own.
 */
@SuppressWarnings("ArrayRecordComponent")
record Superblock(
    Geometry geometry,
    long generation,
    long fileId,
    long pageCount,
    long usedCount,
    int reuseFloor,
    long[] pageMap,
    long[] slotMap,
    long[] roots) {}
