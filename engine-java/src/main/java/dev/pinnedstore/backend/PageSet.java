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
 * page can be taken by its id, which a neighbour needs whose blob goes on in it. Words come in
 * chunks that never move; the array of chunks is replaced by a larger one under a lock.
 */
final class PageSet {
  private static final int WORDS = 64;
  private static final int CHUNK_SHIFT = 12;

  private final PageDirectory directory;
  private final AtomicInteger size = new AtomicInteger();
  private volatile AtomicLongArray[] chunks = {new AtomicLongArray(WORDS)};

  /** No chunk below holds a page; racy on purpose, lowered by each push. */
  private volatile int lowestChunk;

  PageSet(PageDirectory directory) {
    this.directory = directory;
  }

  /** Adds a page that the caller owns; it owns it no longer. */
  void push(Page page) {
    int chunk = page.id >>> CHUNK_SHIFT;
    AtomicLongArray words = chunk(chunk);
    // First, so that who takes the page at once does not hide another from those that ask size.
    size.incrementAndGet();
    words.getAndUpdate(word(page.id), word -> word | bit(page.id));
    if (chunk < lowestChunk) {
      lowestChunk = chunk;
    }
  }

  /** Takes the lowest page, which the caller then owns; null when there is none. */
  @Nullable Page pop() {
    Page page = popFrom(lowestChunk << CHUNK_SHIFT);
    if (page == null && size.get() > 0) {
      page = popFrom(0);
    }
    if (page != null) {
      int chunk = page.id >>> CHUNK_SHIFT;
      if (chunk > lowestChunk) {
        lowestChunk = chunk;
      }
    }
    return page;
  }

  /** Takes the lowest page of at least an id; null when there is none. */
  @Nullable Page popFrom(int id) {
    if (size.get() == 0) {
      return null;
    }
    AtomicLongArray[] current = chunks;
    long mask = -1L << id;
    for (int chunk = id >>> CHUNK_SHIFT; chunk < current.length; chunk++) {
      int first = chunk == id >>> CHUNK_SHIFT ? word(id) : 0;
      for (int i = first; i < WORDS; i++) {
        long set = current[chunk].get(i) & mask;
        mask = -1L;
        while (set != 0) {
          int found = (chunk << CHUNK_SHIFT) + (i << 6) + Long.numberOfTrailingZeros(set);
          if (claim(found)) {
            return directory.at(found);
          }
          set &= set - 1;
        }
      }
    }
    return null;
  }

  /** Takes the highest page below an id; null when there is none. */
  @Nullable Page popBelow(int id) {
    AtomicLongArray[] current = chunks;
    int last = (int) Math.min(id, (long) current.length << CHUNK_SHIFT) - 1;
    long mask = -1L >>> (63 - (last & 63));
    for (int i = last >> 6; i >= 0 && size.get() > 0; i--) {
      long set = current[i / WORDS].get(i % WORDS) & mask;
      mask = -1L;
      while (set != 0) {
        long highest = Long.highestOneBit(set);
        int found = (i << 6) + Long.numberOfTrailingZeros(highest);
        if (claim(found)) {
          return directory.at(found);
        }
        set ^= highest;
      }
    }
    return null;
  }

  /** Takes one page by its id; true when it was there, and the caller then owns it. */
  boolean claim(int id) {
    int chunk = id >>> CHUNK_SHIFT;
    AtomicLongArray[] current = chunks;
    if (chunk >= current.length) {
      return false;
    }
    long bit = bit(id);
    long before = current[chunk].getAndUpdate(word(id), word -> word & ~bit);
    boolean claimed = (before & bit) != 0;
    if (claimed) {
      size.decrementAndGet();
    }
    return claimed;
  }

  /** Whether a page is there; a hint. */
  boolean contains(int id) {
    int chunk = id >>> CHUNK_SHIFT;
    AtomicLongArray[] current = chunks;
    return chunk < current.length && (current[chunk].get(word(id)) & bit(id)) != 0;
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
        current[i] = new AtomicLongArray(WORDS);
      }
      chunks = current;
    }
    return current[index];
  }

  private static int word(int id) {
    return (id >>> 6) & (WORDS - 1);
  }

  private static long bit(int id) {
    return 1L << id;
  }
}
