package dev.pinnedstore.pager;

/**
 * What a checkpoint says of a file; see {@link SuperblockLayout}. The arrays are the holder's own.
 *
 * @param reuseFloor least stored reuse count of a word of zeros; see {@link ReuseCounts}
 * @param epoch how often the file was left open; see {@link ReuseCounts}
 * @param open whether somebody changes the file, or did so and crashed
 * @param sparse whether pages may have been added without taking space for them
 */
@SuppressWarnings("ArrayRecordComponent")
record Superblock(
    Geometry geometry,
    long generation,
    long fileId,
    long pageCount,
    long usedCount,
    int reuseFloor,
    int epoch,
    boolean open,
    boolean sparse,
    long[] pageMap,
    long[] slotMap,
    long[] roots) {}
