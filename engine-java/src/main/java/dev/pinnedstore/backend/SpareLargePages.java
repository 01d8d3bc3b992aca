package dev.pinnedstore.backend;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Empty pages of single large blobs, by size.
 *
 * <p>Asked once per blob that is larger than a page, next to the copy of at least a page of bytes,
 * hence a plain lock. A page here belongs to the list; who takes it owns it.
 */
final class SpareLargePages {
  private final TreeMap<Long, Queue<Page>> bySize = new TreeMap<>();
  private int size;
  private long bytes;

  synchronized void add(Page page, long pageBytes) {
    bySize.computeIfAbsent(pageBytes, key -> new ArrayDeque<>()).add(page);
    size++;
    bytes += pageBytes;
  }

  /** Takes the smallest page that is large enough and not more than twice as large. */
  synchronized @Nullable Page take(long needed) {
    Map.Entry<Long, Queue<Page>> entry = bySize.ceilingEntry(needed);
    return entry == null || entry.getKey() / 2 > needed ? null : poll(entry);
  }

  synchronized boolean has(long needed) {
    Long smallest = bySize.ceilingKey(needed);
    return smallest != null && smallest / 2 <= needed;
  }

  /** Takes the largest page. */
  synchronized @Nullable Page takeLargest() {
    Map.Entry<Long, Queue<Page>> entry = bySize.lastEntry();
    return entry == null ? null : poll(entry);
  }

  /** Takes pages that have been empty since a time or longer. */
  synchronized List<Page> takeIdle(long idleSinceNanos, int atMost) {
    List<Page> idle = new ArrayList<>();
    Iterator<Map.Entry<Long, Queue<Page>>> entries = bySize.entrySet().iterator();
    while (entries.hasNext()) {
      Map.Entry<Long, Queue<Page>> entry = entries.next();
      Iterator<Page> pages = entry.getValue().iterator();
      while (pages.hasNext() && idle.size() < atMost) {
        Page page = pages.next();
        if (page.idleSinceNanos - idleSinceNanos <= 0) {
          pages.remove();
          removed(entry.getKey());
          idle.add(page);
        }
      }
      if (entry.getValue().isEmpty()) {
        entries.remove();
      }
    }
    return idle;
  }

  synchronized int size() {
    return size;
  }

  synchronized long bytes() {
    return bytes;
  }

  private @Nullable Page poll(Map.Entry<Long, Queue<Page>> entry) {
    Page page = entry.getValue().poll();
    removed(entry.getKey());
    if (entry.getValue().isEmpty()) {
      bySize.remove(entry.getKey());
    }
    return page;
  }

  private void removed(long pageBytes) {
    size--;
    bytes -= pageBytes;
  }
}
