package dev.pinnedstore.store;

/**
 * The figures of a store. Counters count from the opening of the store and never fall; the others
 * are as of now. Each is read by itself while others write: the figures of one report may be some
 * operations apart. Sizes are in bytes.
 *
 * @param capabilities what the store runs on
 * @param livePages pages that hold memory now
 * @param readyPages pages among them that are made ready and still empty
 * @param pagesMade counter: pages newly taken from the operating system
 * @param pagesReused counter: emptied pages that were made ready again
 * @param pagesGivenBack counter: pages whose memory went back to the operating system
 * @param committedBytes memory of the pages that are held now
 * @param peakCommittedBytes the highest {@code committedBytes} so far
 * @param tableBytes memory of the entry tables, which record what is acknowledged; not part of
 *     {@code committedBytes}
 * @param waitingBytes memory of emptied pages that cannot be used again before the {@code Arena} of
 *     their views is closed; part of {@code committedBytes}
 * @param liveBlobs blobs that are published or being written, and not acknowledged
 * @param appendedBlobs counter: blobs that were given room, published or not
 * @param stalls counter: pages that a writer had to make itself because none was ready
 * @param stallNanos counter: time that writers spent so, in ns
 * @param storeFull counter: appends refused because the store was full
 * @param lifecycleCycles counter: lifecycle cycles completed, on the thread or by hand
 * @param lifecycleFailures counter: lifecycle cycles and calls to listeners that ended in an
 *     exception
 * @param eventsLost counter: events that no listener got because they came too fast
 */
public record StoreStats(
    Capabilities capabilities,
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
    long stallNanos,
    long storeFull,
    long lifecycleCycles,
    long lifecycleFailures,
    long eventsLost) {}
