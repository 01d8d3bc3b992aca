package dev.pinnedstore.backend;

import java.util.function.ObjLongConsumer;

/**
 * Acknowledges for readers that never came: ends the blobs of pages that are older than the TTL.
 */
final class PageExpiry {
  private final PageBlobs blobs;
  private final BackendEvents events;

  PageExpiry(PageBlobs blobs, BackendEvents events) {
    this.blobs = blobs;
    this.events = events;
  }

  /**
   * Acknowledges what is older than the TTL.
   *
   * @param takeOut seals a page by its word, if it is still that, and takes it out of its stripe
   * @return the number of pages that expired
   */
  int expire(ObjLongConsumer<Page> takeOut) {
    long now = blobs.clock.exactMillis();
    int expired = 0;
    for (int id = 0; id < blobs.directory.size(); id++) {
      Page page = blobs.directory.at(id);
      if (page.liveEntries() > 0 && blobs.hasExpired(page, now)) {
        expired += expireOrSkip(page, now, takeOut) ? 1 : 0;
      }
    }
    return expired;
  }

  private boolean expireOrSkip(Page page, long now, ObjLongConsumer<Page> takeOut) {
    try {
      return expire(page, now, takeOut);
    } catch (IllegalStateException e) {
      if (blobs.pool.isClosed()) {
        throw e;
      }
      // Others acknowledged the rest, and the page's memory went during the sweep.
      return false;
    }
  }

  /**
   * Acknowledges what is live in a page that has expired. Each word is read before the time of the
   * newest entry is read again: a word that is seen live is not younger than that time, so a blob
   * that is published meanwhile ends the sweep instead of being taken.
   */
  private boolean expire(Page page, long now, ObjLongConsumer<Page> takeOut) {
    int generation = page.generation;
    Frame frame = page.frame;
    long reserved = page.reserve;
    if (!ReserveLayout.isSealed(reserved)) {
      takeOut.accept(page, reserved);
    }
    boolean any = false;
    for (long granule = 0; frame != null && granule < frame.entries; granule++) {
      long word = EntryLayout.acquire(frame, granule);
      if (page.generation != generation || !blobs.hasExpired(page, now)) {
        break;
      }
      if (EntryLayout.isLive(word)
          && EntryLayout.isOf(word, generation)
          && EntryLayout.compareAndSet(frame, granule, word, EntryLayout.acknowledged(word))) {
        any = true;
        long start = granule << EntryLayout.GRANULE_SHIFT;
        blobs.release(page, frame, start + EntryLayout.sizeBytes(word));
      }
    }
    if (any && frame != null) {
      events.pageExpired(page.id, frame.dataBytes);
    }
    return any;
  }
}
