package dev.pinnedstore.backend;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * One Arena for the views of pages that were first viewed one after another; {@link ViewGroups}.
 */
public final class ViewGroup {
  /** Holds the views of its members. */
  public final Arena arena = Arena.ofShared();

  final long openedNanos;

  /** What is past, and what happens to it once the Arena is closed. */
  record Retired(long bytes, Runnable whenDead) {}

  /** Members whose views nobody may use any more. */
  final List<Retired> retired = new ArrayList<>();

  /** Pages, and blobs that cross pages, with a view in {@link #arena}. */
  int members;

  /** What they hold. */
  long bytes;

  /** Whether more pages may join. */
  boolean open = true;

  /** Whether {@link #arena} has been closed and no reader is inside any more. */
  volatile boolean dead;

  ViewGroup(long openedNanos) {
    this.openedNanos = openedNanos;
  }

  boolean isComplete() {
    return !open && members == retired.size();
  }
}
