package dev.pinnedstore.backend;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What readers see of one incarnation of a page: nothing yet (a marker), or a read-only segment in
 * the Arena of a {@link ViewGroup}.
 *
 * <p>A page that nobody views needs no Arena. Activation puts a marker of its own into the page;
 * the first viewer replaces it, by compare-and-set, with a shared view; whoever recycles the page
 * replaces it, also by compare-and-set, with {@link #NONE}. One of the two wins: either the
 * recycler knows that views exist and lets their Arena die first, or the viewer's segment is never
 * handed out. The marker is a new object each time, so a viewer that slept through several
 * incarnations cannot install a segment of memory that is gone.
 */
final class PageView {
  /** The view of a page that holds no blob. */
  static final PageView NONE = new PageView();

  final @Nullable MemorySegment segment;
  final @Nullable ViewGroup group;

  /** How far a view reaches, from the start of the page; zero for the page itself. */
  final long spanBytes;

  /** A marker: nobody has looked yet. */
  PageView() {
    this(0);
  }

  /** A marker for a blob that ends so many bytes behind the start of the page; {@link Spans}. */
  PageView(long spanBytes) {
    this.segment = null;
    this.group = null;
    this.spanBytes = spanBytes;
  }

  /** A view in a group's Arena. */
  PageView(MemorySegment segment, ViewGroup group) {
    this.segment = segment;
    this.group = group;
    this.spanBytes = 0;
  }

  boolean isNone() {
    return this == NONE;
  }

  boolean isShared() {
    return segment != null;
  }
}
