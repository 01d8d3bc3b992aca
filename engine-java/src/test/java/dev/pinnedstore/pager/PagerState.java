package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** All that a pager promises to keep, to be compared. */
record PagerState(
    Set<Long> pages, Map<Long, Long> protectedPages, Set<Long> subPages, List<Long> roots) {

  /** The state of a pager; protected pages must be filled with one number each. */
  static PagerState of(Pager pager, SubPageAllocator subPages) {
    Set<Long> pages = new TreeSet<>();
    pager.allocated().forEach(page -> pages.add(page.value()));
    Map<Long, Long> contents = new TreeMap<>();
    for (ProtectedPage page : pager.protectedPages().allocated()) {
      contents.put(page.value(), stampOf(page.segment()));
    }
    Set<Long> subs = new TreeSet<>();
    subPages.allocated().forEach(sub -> subs.add(sub.value()));
    List<Long> roots = new ArrayList<>();
    for (int i = 0; i < SuperblockLayout.ROOTS; i++) {
      roots.add(pager.root(i));
    }
    return new PagerState(pages, contents, subs, roots);
  }

  /** What a reader sees; it knows no sub-pages. */
  static PagerState of(ReadOnlyPager reader) {
    Set<Long> pages = new TreeSet<>();
    reader.allocated().forEach(page -> pages.add(page.value()));
    Map<Long, Long> contents = new TreeMap<>();
    reader
        .allocatedProtected()
        .forEach(value -> contents.put(value, stampOf(reader.protectedPage(value))));
    List<Long> roots = new ArrayList<>();
    for (int i = 0; i < SuperblockLayout.ROOTS; i++) {
      roots.add(reader.root(i));
    }
    return new PagerState(pages, contents, Set.of(), roots);
  }

  PagerState withoutSubPages() {
    return new PagerState(pages, protectedPages, Set.of(), roots);
  }

  /** This state after pages and protected pages are freed. */
  PagerState without(Set<Long> values) {
    Set<Long> fewer = new TreeSet<>(pages);
    fewer.removeAll(values);
    Map<Long, Long> fewerProtected = new TreeMap<>(protectedPages);
    fewerProtected.keySet().removeAll(values);
    return new PagerState(fewer, fewerProtected, subPages, roots);
  }

  /** Fills bytes with a number. */
  static void stamp(MemorySegment bytes, long stamp) {
    for (long at = 0; at < bytes.byteSize(); at += 8) {
      bytes.set(JAVA_LONG_UNALIGNED, at, stamp);
    }
  }

  /** The number that bytes are filled with. */
  static long stampOf(MemorySegment bytes) {
    long stamp = bytes.get(JAVA_LONG_UNALIGNED, 0);
    for (long at = 0; at < bytes.byteSize(); at += 8) {
      if (bytes.get(JAVA_LONG_UNALIGNED, at) != stamp) {
        throw new AssertionError("torn at " + at);
      }
    }
    return stamp;
  }
}
