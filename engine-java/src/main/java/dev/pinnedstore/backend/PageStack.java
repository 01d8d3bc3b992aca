package dev.pinnedstore.backend;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A lock-free stack of pages (Treiber's), linked through {@link Page#below}.
 *
 * <p>The head is one 64-bit word: a tag that rises with every push in the high half, the top page's
 * id + 1 in the low half. A pop that slept while its page was popped and pushed again meets another
 * tag and starts anew; without it, it would install a link that is no longer true. A page is in at
 * most one stack, and a popper may read the link of a page that was popped before it: the value is
 * then unused, since its compare-and-set fails.
 */
final class PageStack {
  private final PageDirectory directory;
  private final AtomicLong head = new AtomicLong();
  private final AtomicInteger size = new AtomicInteger();

  PageStack(PageDirectory directory) {
    this.directory = directory;
  }

  /** Pushes a page that the caller owns; it owns it no longer. */
  void push(Page page) {
    size.incrementAndGet();
    while (true) {
      long top = head.get();
      page.below = (int) top;
      long tag = ((top >>> 32) + 1) << 32;
      if (head.compareAndSet(top, tag | Integer.toUnsignedLong(page.id + 1))) {
        return;
      }
    }
  }

  /** Pops a page, which the caller then owns; null when the stack is empty. */
  @Nullable Page pop() {
    while (true) {
      long top = head.get();
      int link = (int) top;
      if (link == 0) {
        return null;
      }
      Page page = directory.at(link - 1);
      long below = Integer.toUnsignedLong(page.below);
      if (head.compareAndSet(top, (top & 0xFFFF_FFFF_0000_0000L) | below)) {
        size.decrementAndGet();
        return page;
      }
    }
  }

  /** The number of pages; at least what was pushed before and not yet popped. */
  int size() {
    return size.get();
  }
}
