package dev.pinnedstore.pager;

import java.time.Duration;
import java.util.Objects;

/**
 * How a pager behaves while it is open; nothing of it is kept in the file. Immutable, each method
 * returns a changed copy.
 *
 * @param durability when changes are durable, unless a call says otherwise; {@link Durability#SYNC}
 *     by default
 * @param groupInterval how long {@link Durability#GROUP} lets changes gather, 1 ms to 1 s; 5 ms by
 *     default
 * @param zeroed whether a page or sub-page is filled with zeros before it is handed out, and these
 *     are on the medium before that is durable: one more sync for a commit. Otherwise, by default,
 *     it holds what its last owner left. Protected pages begin with zeros in any case
 * @param sparse whether the file grows without taking space for it. By default space is taken first
 *     and a full file system is a {@link PagerFullException}; a sparse file grows at once, and the
 *     first write to a page that finds no space fails with an {@code InternalError} or ends the
 *     JVM. A file that was sparse takes all its space when it is opened without this
 * @param checked whether the segments of a page, a protected page or a sub-page die when it is
 *     freed, those of a writer with it, and those of a protected page also when the next writer but
 *     one starts, so that late use is an {@code IllegalStateException}; to free what a native call
 *     is using is one, too, and changes nothing. For tests: the first use of each costs an Arena,
 *     and without native access a mapping
 * @param verified whether opening a file does what {@link Pager#verify()} does, and refuses what is
 *     damaged with a {@link PagerCorruptException}: reads all maps and all protected pages.
 *     Otherwise, by default, each part is verified when it is first used
 */
public record PagerOptions(
    Durability durability,
    Duration groupInterval,
    boolean zeroed,
    boolean sparse,
    boolean checked,
    boolean verified) {
  private static final Duration MIN_INTERVAL = Duration.ofMillis(1);
  private static final Duration MAX_INTERVAL = Duration.ofSeconds(1);

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if {@code groupInterval} is out of its range
   */
  public PagerOptions {
    Objects.requireNonNull(durability, "durability");
    Objects.requireNonNull(groupInterval, "groupInterval");
    if (groupInterval.compareTo(MIN_INTERVAL) < 0 || groupInterval.compareTo(MAX_INTERVAL) > 0) {
      throw new IllegalArgumentException(
          "groupInterval="
              + groupInterval
              + ": must be between "
              + MIN_INTERVAL
              + " and "
              + MAX_INTERVAL);
    }
  }

  /**
   * Returns the options that {@link Pager#open(java.nio.file.Path, long)} uses.
   *
   * @return the defaults
   */
  public static PagerOptions defaults() {
    return new PagerOptions(Durability.SYNC, Duration.ofMillis(5), false, false, false, false);
  }

  /**
   * Returns a copy with another durability.
   *
   * @param newDurability when changes are durable, unless a call says otherwise
   * @return the copy
   */
  public PagerOptions withDurability(Durability newDurability) {
    return new PagerOptions(newDurability, groupInterval, zeroed, sparse, checked, verified);
  }

  /**
   * Returns a copy with another interval.
   *
   * @param newInterval how long changes may gather, 1 ms to 1 s
   * @return the copy
   * @throws IllegalArgumentException if it is out of its range
   */
  public PagerOptions withGroupInterval(Duration newInterval) {
    return new PagerOptions(durability, newInterval, zeroed, sparse, checked, verified);
  }

  /**
   * Returns a copy that zeroes pages, or not.
   *
   * @param newZeroed whether a page is filled with zeros when it is handed out
   * @return the copy
   */
  public PagerOptions withZeroed(boolean newZeroed) {
    return new PagerOptions(durability, groupInterval, newZeroed, sparse, checked, verified);
  }

  /**
   * Returns a copy that grows sparsely, or not.
   *
   * @param newSparse whether the file grows without taking space
   * @return the copy
   */
  public PagerOptions withSparse(boolean newSparse) {
    return new PagerOptions(durability, groupInterval, zeroed, newSparse, checked, verified);
  }

  /**
   * Returns a copy that checks the use of segments, or not.
   *
   * @param newChecked whether segments of a page die when it is freed
   * @return the copy
   */
  public PagerOptions withChecked(boolean newChecked) {
    return new PagerOptions(durability, groupInterval, zeroed, sparse, newChecked, verified);
  }

  /**
   * Returns a copy that verifies a file when it is opened, or not.
   *
   * @param newVerified whether opening verifies the whole file
   * @return the copy
   */
  public PagerOptions withVerified(boolean newVerified) {
    return new PagerOptions(durability, groupInterval, zeroed, sparse, checked, newVerified);
  }
}
