package dev.pinnedstore.backend;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Decides which pages share an Arena for their views, and closes it when all of them are past.
 *
 * <p>Closing a shared Arena is a handshake with every thread of the process, so one Arena serves
 * many pages when pages fill quickly, and none is ever closed on a reader's or a writer's path.
 *
 * <ul>
 *   <li>Pages that are viewed for the first time within {@link #WINDOW_NANOS} of each other join
 *       one group: at full speed some 30 MiB of pages, in a quiet store a page by itself.
 *   <li>A group holds at most {@code maxPages} pages, a bounded share of the store's limit.
 *   <li>While more than {@link #WAITING_BYTES} wait for other pages of their groups, and while
 *       nobody runs cycles that would close groups soon, each page gets a group of its own.
 *   <li>A group ends when it is full, too old, or when a cycle finds it so.
 * </ul>
 *
 * <p>The lock is held for a few field accesses; no Arena is closed and nothing is mapped under it.
 */
final class ViewGroups {
  /** How long a group takes pages in. */
  static final long WINDOW_NANOS = 2_000_000;

  /** What may wait before groups shrink to one page, in bytes. */
  static final long WAITING_BYTES = 32L << 20;

  private final int maxPages;
  private final Queue<ViewGroup> complete = new ArrayDeque<>();

  /** Every group whose Arena is not closed. */
  private final Set<ViewGroup> alive = new HashSet<>();

  private @Nullable ViewGroup current;
  private boolean closed;
  private boolean grouping;
  private long waitingBytes;

  ViewGroups(int maxPages) {
    this.maxPages = maxPages;
  }

  /** Whether cycles come often enough for groups of more than one page. */
  synchronized void setGrouping(boolean grouping) {
    this.grouping = grouping;
  }

  /** Adds a member to the group that is open, or opens one; null once the store is closed. */
  synchronized @Nullable ViewGroup join(long nanos) {
    if (closed) {
      return null;
    }
    ViewGroup group = current;
    if (group != null && nanos - group.openedNanos >= WINDOW_NANOS) {
      end(group);
      group = null;
    }
    if (group == null) {
      group = new ViewGroup(nanos);
      alive.add(group);
      current = group;
    }
    group.members++;
    if (!grouping || group.members >= maxPages || waitingBytes > WAITING_BYTES) {
      end(group);
    }
    return group;
  }

  /** Takes back a {@link #join} whose view was never installed. */
  synchronized void leave(ViewGroup group) {
    group.members--;
    if (group.isComplete()) {
      complete.add(group);
    }
  }

  /** Hands over a page whose generation is past and whose views live on in its group's Arena. */
  synchronized void retire(Page page, ViewGroup group) {
    group.retired.add(page);
    waitingBytes += bytes(page);
    if (group.isComplete()) {
      complete.add(group);
    }
  }

  /**
   * Closes the Arenas of groups whose pages are all past.
   *
   * @param nanos now
   * @param atOnce whether the open group is ended although it is young
   * @param ready receives each page whose views are dead; the receiver owns it
   * @return the number of groups closed
   */
  int closeComplete(long nanos, boolean atOnce, Consumer<Page> ready) {
    List<ViewGroup> closing = takeComplete(nanos, atOnce);
    int closedGroups = 0;
    for (ViewGroup group : closing) {
      if (close(group)) {
        closedGroups++;
        forget(group);
        for (Page page : group.retired) {
          page.view = PageView.NONE;
          ready.accept(page);
        }
      } else {
        putBack(group);
      }
    }
    return closedGroups;
  }

  /** Bytes of pages that wait for their group. */
  synchronized long waitingBytes() {
    return waitingBytes;
  }

  /** Lets nobody join any more and closes every Arena; false while some thread holds one. */
  boolean closeAll() {
    boolean all = true;
    for (ViewGroup group : endAll()) {
      if (close(group)) {
        forget(group);
      } else {
        all = false;
      }
    }
    return all;
  }

  /**
   * Closes a group's Arena; false while some thread holds it in a system call, or closes it right
   * now. An Arena is not alive any more as soon as its closing begins, and readers may still be
   * inside until it ends: so only the thread that has closed it says that it is dead.
   */
  private static boolean close(ViewGroup group) {
    try {
      group.arena.close();
      group.dead = true;
      return true;
    } catch (IllegalStateException e) {
      return group.dead;
    }
  }

  private synchronized List<ViewGroup> takeComplete(long nanos, boolean atOnce) {
    ViewGroup group = current;
    if (group != null && (atOnce || nanos - group.openedNanos >= WINDOW_NANOS)) {
      end(group);
    }
    List<ViewGroup> closing = new ArrayList<>(complete);
    complete.clear();
    return closing;
  }

  private synchronized void putBack(ViewGroup group) {
    complete.add(group);
  }

  private synchronized void forget(ViewGroup group) {
    alive.remove(group);
    for (Page page : group.retired) {
      waitingBytes -= bytes(page);
    }
  }

  private synchronized List<ViewGroup> endAll() {
    closed = true;
    current = null;
    return new ArrayList<>(alive);
  }

  private static long bytes(Page page) {
    Frame frame = page.frame;
    return frame == null ? 0 : frame.dataBytes;
  }

  private void end(ViewGroup group) {
    group.open = false;
    current = null;
    if (group.isComplete()) {
      complete.add(group);
    }
  }
}
