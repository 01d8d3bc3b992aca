package dev.pinnedstore.pool;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Where each open guard was taken. Knows places, not guards, so that a guard can stay on the stack.
 */
final class GuardLog {
  private static final int SHOWN = 8;

  private final Set<Place> open = ConcurrentHashMap.newKeySet();

  /** A stack trace with the page; an exception, since these print themselves. */
  static final class Place extends Exception {
    private static final long serialVersionUID = 1L;

    Place(long pageId, boolean exclusive) {
      super("page " + pageId + (exclusive ? ", exclusive" : ", shared") + ", by " + thread());
    }

    private static String thread() {
      return Thread.currentThread().toString();
    }
  }

  Place opened(long pageId, boolean exclusive) {
    Place place = new Place(pageId, exclusive);
    open.add(place);
    return place;
  }

  void closed(Place place) {
    open.remove(place);
  }

  /** Says where the open guards were taken; empty if there are none. */
  String describe() {
    StringWriter text = new StringWriter();
    PrintWriter lines = new PrintWriter(text);
    open.stream().limit(SHOWN).forEach(place -> place.printStackTrace(lines));
    lines.flush();
    return open.isEmpty() ? "" : "\nopen guards: " + open.size() + "\n" + text;
  }
}
