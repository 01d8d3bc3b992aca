package dev.pinnedstore.samples.courier;

/**
 * What became of a delivery between processes.
 *
 * @param consumersKilled how many consumer processes were killed
 * @param producersKilled how many producer processes were killed
 * @param redelivered how many handles a killed consumer had not finished, and another one got
 * @param lost blobs whose handle the courier had, and that were gone before they were verified
 * @param filesLeft files of the store that were still there after its end
 */
record Processes(
    long consumersKilled, long producersKilled, long redelivered, long lost, int filesLeft) {}
