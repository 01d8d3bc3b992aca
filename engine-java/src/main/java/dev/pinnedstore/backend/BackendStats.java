package dev.pinnedstore.backend;

/**
 * Figures of a backend, taken one after another while it runs.
 *
 * @param livePages pages that hold memory
 * @param readyPages empty pages that are ready to be written
 * @param pagesMade pages for which memory was committed
 * @param pagesReused emptied pages that became ready again
 * @param pagesGivenBack pages whose memory went back to the operating system
 * @param committedBytes bytes of the pages that hold memory
 * @param peakCommittedBytes the most that this ever was
 * @param tableBytes bytes of their entry tables
 * @param waitingBytes bytes of emptied pages whose views are not dead yet
 * @param liveBlobs entries that are neither acknowledged nor cancelled
 * @param appendedBlobs entries ever reserved
 * @param stalls pages that a writer had to make itself
 * @param stallNanos nanoseconds that writers spent on that
 */
public record BackendStats(
    long livePages,
    long readyPages,
    long pagesMade,
    long pagesReused,
    long pagesGivenBack,
    long committedBytes,
    long peakCommittedBytes,
    long tableBytes,
    long waitingBytes,
    long liveBlobs,
    long appendedBlobs,
    long stalls,
    long stallNanos) {}
