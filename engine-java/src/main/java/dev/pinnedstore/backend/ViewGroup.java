package dev.pinnedstore.backend;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * One Arena for the views of pages that were first viewed one after another; {@link ViewGroups}.
 */
final class ViewGroup {
  final Arena arena = Arena.ofShared();
  final long openedNanos;

  /** Pages of the group whose generation is past. */
  final List<Page> retired = new ArrayList<>();

  /** Pages with a view in {@link #arena}. */
  int members;

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
