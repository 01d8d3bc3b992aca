package dev.pinnedstore.backend;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
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
 *   <li>A group holds so many bytes at most, a bounded share of the store's limit, or one member.
 *   <li>While more than {@link #WAITING_BYTES} wait for other pages of their groups, and while
 *       nobody runs cycles that would close groups soon, each page gets a group of its own.
 *   <li>A group ends when it is full, too old, or when a cycle finds it so.
 * </ul>
 *
 * <p>The lock is held for a few field accesses; no Arena is closed and nothing is mapped under it.
 */
public final class ViewGroups {
  /** How long a group takes pages in. */
  static final long WINDOW_NANOS = 2_000_000;

  /** What may wait before groups shrink to one page, in bytes. */
  static final long WAITING_BYTES = 32L << 20;

  private final long mostBytes;
  private final Queue<ViewGroup> complete = new ArrayDeque<>();

  /** Every group whose Arena is not closed. */
  private final Set<ViewGroup> alive = new HashSet<>();

  /** The groups that take members in: one of pages, one of blobs that cross pages. */
  private @Nullable ViewGroup currentPages;

  private @Nullable ViewGroup currentSpans;
  private boolean closed;
  private boolean grouping;
  private long waitingBytes;

  /**
   * Creates groups.
   *
   * @param mostBytes what a group may hold, in bytes; a member that is larger has one of its own
   */
  public ViewGroups(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  /**
   * Says whether cycles come often enough for groups of more than one page.
   *
   * @param grouping whether
   */
  public synchronized void setGrouping(boolean grouping) {
    this.grouping = grouping;
  }

  /**
   * Adds a page to the group that is open, or opens one.
   *
   * @param nanos now
   * @param bytes its size
   * @return the group; null once the store is closed
   */
  public @Nullable ViewGroup join(long nanos, long bytes) {
    return join(nanos, bytes, false);
  }

  /**
   * The same for a blob that crosses pages. Its pages wait for its Arena, so it must not be in a
   * group with pages, which would wait for each other for ever.
   */
  @Nullable ViewGroup joinSpan(long nanos, long bytes) {
    return join(nanos, bytes, true);
  }

  private synchronized @Nullable ViewGroup join(long nanos, long bytes, boolean span) {
    if (closed) {
      return null;
    }
    ViewGroup group = span ? currentSpans : currentPages;
    boolean isPast =
        group != null
            && (nanos - group.openedNanos >= WINDOW_NANOS || bytes > mostBytes - group.bytes);
    if (group != null && isPast) {
      end(group);
      group = null;
    }
    if (group == null) {
      group = new ViewGroup(nanos);
      alive.add(group);
      currentSpans = span ? group : currentSpans;
      currentPages = span ? currentPages : group;
    }
    group.members++;
    group.bytes += bytes;
    if (!grouping || group.bytes >= mostBytes || waitingBytes > WAITING_BYTES) {
      end(group);
    }
    return group;
  }

  /**
   * Takes back a {@link #join} whose view was never installed.
   *
   * @param group what it answered
   */
  public synchronized void leave(ViewGroup group) {
    group.members--;
    if (group.isComplete()) {
      complete.add(group);
    }
  }

  /**
   * Hands over a member that is past, and whose views live on in its group's Arena.
   *
   * @param group the member's group
   * @param bytes what waits for it, in bytes
   * @param whenDead runs once no view lives any more, on the thread that closes the Arena
   */
  public synchronized void retire(ViewGroup group, long bytes, Runnable whenDead) {
    group.retired.add(new ViewGroup.Retired(bytes, whenDead));
    waitingBytes += bytes;
    if (group.isComplete()) {
      complete.add(group);
    }
  }

  /**
   * Closes the Arenas of groups whose members are all past.
   *
   * @param nanos now
   * @param atOnce whether the open group is ended although it is young
   * @return the number of groups closed
   */
  public int closeComplete(long nanos, boolean atOnce) {
    int closedGroups = 0;
    List<ViewGroup> closing = takeComplete(nanos, atOnce);
    try {
      while (!closing.isEmpty()) {
        ViewGroup group = closing.removeFirst();
        if (close(group)) {
          forget(group);
          closedGroups++;
          for (ViewGroup.Retired member : group.retired) {
            member.whenDead().run();
          }
        } else {
          putBack(group);
        }
      }
    } finally {
      // Nothing, unless one of them threw.
      closing.forEach(this::putBack);
    }
    return closedGroups;
  }

  /**
   * Says whether an Arena could be closed that pages wait for.
   *
   * @return whether
   */
  public synchronized boolean canClose() {
    return !complete.isEmpty() || isPast(currentPages) || isPast(currentSpans);
  }

  private static boolean isPast(@Nullable ViewGroup group) {
    return group != null && group.members > 0 && group.members == group.retired.size();
  }

  /**
   * Returns what waits for its group.
   *
   * @return bytes of pages
   */
  public synchronized long waitingBytes() {
    return waitingBytes;
  }

  /**
   * Lets nobody join any more and closes every Arena.
   *
   * @return false while some thread holds one
   */
  public boolean closeAll() {
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
    for (ViewGroup group : new ViewGroup[] {currentPages, currentSpans}) {
      if (group != null && (atOnce || nanos - group.openedNanos >= WINDOW_NANOS)) {
        end(group);
      }
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
    for (ViewGroup.Retired member : group.retired) {
      waitingBytes -= member.bytes();
    }
  }

  private synchronized List<ViewGroup> endAll() {
    closed = true;
    currentPages = null;
    currentSpans = null;
    return new ArrayList<>(alive);
  }

  private void end(ViewGroup group) {
    group.open = false;
    currentPages = currentPages == group ? null : currentPages;
    currentSpans = currentSpans == group ? null : currentSpans;
    if (group.isComplete()) {
      complete.add(group);
    }
  }
}
