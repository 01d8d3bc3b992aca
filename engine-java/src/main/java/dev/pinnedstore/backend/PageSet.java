package dev.pinnedstore.backend;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * A lock-free set of pages: one bit for each id.
 *
 * <p>Taking a page is one compare-and-set of its word; whoever clears the bit owns the page. The
 * lowest id goes first, so the store fills from below and what is not needed falls idle above. Any
 * page can be taken by its id, which a neighbour needs whose blob goes on in it.
 *
 * <p>Words come in chunks of 64 that never move; behind them a chunk has a word of its own, which
 * says which of them may not be zero. A push sets the page's bit first and the word's bit after; a
 * word's bit is cleared by whoever made the word zero, who then looks at the word again, so that no
 * page stays behind a bit that is clear. The array of chunks is replaced by a larger one under a
 * lock.
 */
final class PageSet {
  private static final int WORDS = 64;
  private static final int SUMMARY = WORDS;
  private static final int CHUNK_SHIFT = 12;

  private final PageDirectory directory;
  private final AtomicInteger size = new AtomicInteger();
  private volatile AtomicLongArray[] chunks = {new AtomicLongArray(WORDS + 1)};

  /** No chunk below holds a page; racy on purpose, lowered by each push. */
  private volatile int lowestChunk;

  PageSet(PageDirectory directory) {
    this.directory = directory;
  }

  /** Adds a page that the caller owns; it owns it no longer. */
  void push(Page page) {
    int chunk = page.id >>> CHUNK_SHIFT;
    AtomicLongArray words = chunk(chunk);
    int word = word(page.id);
    // First, so that who takes the page at once does not hide another from those that ask size.
    size.incrementAndGet();
    set(words, word, bit(page.id));
    set(words, SUMMARY, bit(word));
    if (chunk < lowestChunk) {
      lowestChunk = chunk;
    }
  }

  /** Takes the lowest page, which the caller then owns; null when there is none. */
  @Nullable Page pop() {
    if (size.get() == 0) {
      return null;
    }
    AtomicLongArray[] current = chunks;
    int first = Math.min(lowestChunk, current.length - 1);
    for (int i = 0; i < current.length; i++) {
      int chunk = (first + i) % current.length;
      Page page = popLowest(current[chunk], chunk);
      if (page != null) {
        lowestChunk = chunk;
        return page;
      }
    }
    return null;
  }

  private @Nullable Page popLowest(AtomicLongArray words, int chunk) {
    for (long some = words.get(SUMMARY); some != 0; some &= some - 1) {
      int word = Long.numberOfTrailingZeros(some);
      for (long set = words.get(word); set != 0; set &= set - 1) {
        int id = (chunk << CHUNK_SHIFT) + (word << 6) + Long.numberOfTrailingZeros(set);
        if (claim(id)) {
          return directory.at(id);
        }
      }
    }
    return null;
  }

  /** The highest page below an id, or -1 when there is none; a hint. */
  int highestBelow(int id) {
    AtomicLongArray[] current = chunks;
    int last = (int) Math.min(id, (long) current.length << CHUNK_SHIFT) - 1;
    long mask = -1L >>> (63 - (last & 63));
    for (int i = last >> 6; i >= 0; i--) {
      long set = current[i / WORDS].get(i % WORDS) & mask;
      if (set != 0) {
        return (i << 6) + 63 - Long.numberOfLeadingZeros(set);
      }
      mask = -1L;
    }
    return -1;
  }

  /** Takes one page by its id; true when it was there, and the caller then owns it. */
  boolean claim(int id) {
    int chunk = id >>> CHUNK_SHIFT;
    AtomicLongArray[] current = chunks;
    if (chunk >= current.length) {
      return false;
    }
    AtomicLongArray words = current[chunk];
    int word = word(id);
    long before = clear(words, word, bit(id));
    if ((before & bit(id)) == 0) {
      return false;
    }
    if (before == bit(id)) {
      clear(words, SUMMARY, bit(word));
      if (words.get(word) != 0) {
        set(words, SUMMARY, bit(word));
      }
    }
    size.decrementAndGet();
    return true;
  }

  /** Whether a page is there; a hint. */
  boolean contains(int id) {
    int chunk = id >>> CHUNK_SHIFT;
    AtomicLongArray[] current = chunks;
    return chunk < current.length && (current[chunk].get(word(id)) & bit(id)) != 0;
  }

  /** Whether a page was there a moment ago. */
  boolean hasAny() {
    AtomicLongArray[] current = chunks;
    for (int i = 0; i < current.length && size.get() > 0; i++) {
      if (current[i].get(SUMMARY) != 0) {
        return true;
      }
    }
    return false;
  }

  /** The number of pages, or more while threads push and take some. */
  int size() {
    return size.get();
  }

  private AtomicLongArray chunk(int index) {
    AtomicLongArray[] current = chunks;
    return index < current.length ? current[index] : grow(index);
  }

  private synchronized AtomicLongArray grow(int index) {
    AtomicLongArray[] current = chunks;
    if (index >= current.length) {
      int before = current.length;
      current = Arrays.copyOf(current, Math.max(index + 1, before * 2));
      for (int i = before; i < current.length; i++) {
        current[i] = new AtomicLongArray(WORDS + 1);
      }
      chunks = current;
    }
    return current[index];
  }

  private static void set(AtomicLongArray words, int index, long bit) {
    long before = words.get(index);
    while ((before & bit) == 0 && !words.compareAndSet(index, before, before | bit)) {
      before = words.get(index);
    }
  }

  private static long clear(AtomicLongArray words, int index, long bit) {
    long before = words.get(index);
    while ((before & bit) != 0 && !words.compareAndSet(index, before, before & ~bit)) {
      before = words.get(index);
    }
    return before;
  }

  private static int word(int id) {
    return (id >>> 6) & (WORDS - 1);
  }

  private static long bit(int index) {
    return 1L << index;
  }
}
