package dev.pinnedstore.store;

/**
 * Something that happened to the pages of a store. Immutable.
 *
 * @param kind what happened
 * @param pageId the page, unsigned; {@code -1} where no single page is meant
 * @param bytes the memory concerned, in bytes; 0 where none is
 * @param durationNanos how long it took, in ns; 0 where it takes no time
 * @param timestampMillis when it happened, in ms since 1970-01-01T00:00Z
 */
public record StoreEvent(
    Kind kind, int pageId, long bytes, long durationNanos, long timestampMillis) {

  /** What happened. */
  public enum Kind {
    /** A page was taken from the operating system and made ready, off the writers' path. */
    PAGE_MADE,
    /** A writer found no page ready and made one itself; the duration is what it waited. */
    STALL,
    /** The last blob of a page was acknowledged. */
    PAGE_EMPTIED,
    /** An emptied page was made ready again. */
    PAGE_REUSED,
    /** The memory of an empty page went back to the operating system. */
    PAGE_GIVEN_BACK,
    /** A page was emptied because its newest blob was older than the TTL. */
    PAGE_EXPIRED,
    /** An append was refused because the store was full; bytes is the size that was asked for. */
    STORE_FULL,
    /** A process that shared the namespace had died, and what it left was put in order. */
    OWNER_RECOVERED,
    /** A lifecycle cycle or a listener ended in an exception; the next cycle runs all the same. */
    LIFECYCLE_FAILED
  }
}
