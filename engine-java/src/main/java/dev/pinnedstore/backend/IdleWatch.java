package dev.pinnedstore.backend;

import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes pages out of stripes that nobody writes to.
 *
 * <p>A page that takes blobs is not emptied by acknowledgements, since more blobs may come. So a
 * page that has been still goes out of its stripe and is sealed, when all its blobs are
 * acknowledged, or when its stripe is not the first. What is still is found by comparison with what
 * was there at an earlier call.
 */
final class IdleWatch {
  private final @Nullable Page[] pages;
  private final long[] reserves;
  private final long[] lives;
  private final long[] sinceNanos;

  IdleWatch(int stripes) {
    this.pages = new @Nullable Page[stripes];
    this.reserves = new long[stripes];
    this.lives = new long[stripes];
    this.sinceNanos = new long[stripes];
  }

  /** Seals pages that have been still since a time or longer. */
  synchronized void sealIdle(
      Stripes stripes, long nanos, long stillSinceNanos, ObjLongConsumer<Page> emptied) {
    boolean gather = true;
    for (int i = 0; i < stripes.size(); i++) {
      Page page = stripes.opened(i);
      long word = page.reserve;
      if (isStill(i, page, word, nanos) && sinceNanos[i] - stillSinceNanos <= 0) {
        boolean goes = i > 0 || page.isAcknowledged(word);
        if (goes && stripes.seal(page, word, Stripes.NONE) && page.countSealed(word)) {
          emptied.accept(page, sinceNanos[i]);
        }
      }
      gather &= i == 0 || stripes.get(i).equals(Stripes.NONE);
    }
    if (gather) {
      stripes.gather();
    }
  }

  /** Seals pages whose blobs are all acknowledged, or that have none, to make room. */
  void sealAcknowledged(
      Stripes stripes, long nanos, boolean evenUnused, ObjLongConsumer<Page> emptied) {
    for (int i = 0; i < stripes.size(); i++) {
      Page page = stripes.opened(i);
      long word = page.reserve;
      if ((page.isAcknowledged(word) || (evenUnused && Page.isUnused(word)))
          && stripes.seal(page, word, Stripes.NONE)
          && page.countSealed(word)) {
        emptied.accept(page, nanos);
      }
    }
  }

  private boolean isStill(int i, Page page, long reserve, long nanos) {
    long live = page.live;
    if (pages[i] == page && reserves[i] == reserve && lives[i] == live) {
      return true;
    }
    pages[i] = page;
    reserves[i] = reserve;
    lives[i] = live;
    sinceNanos[i] = nanos;
    return false;
  }
}
