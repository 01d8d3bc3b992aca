package dev.pinnedstore.pager;

/**
 * Which use of a page or slot comes next, so that no handle is ever issued twice.
 *
 * <p>A free word keeps a <em>stored</em> count; the next use has the larger of that and the floor,
 * plus the epoch. The epoch counts the times that somebody changed the file and did not close it.
 * What was handed out then may be lost with the crash, so that its page is free again with the same
 * stored count; the epoch, which is one higher, sees to it that the handle does not come again. A
 * page that was freed is handed out anew only when that is durable, so a crash loses one use of
 * each page at most, and one is enough.
 *
 * <p>A word of zeros, as of pages that are added, has the floor: the highest stored count of the
 * pages that a shrink cut off. A word in use has its own count, floor and epoch included.
 */
final class ReuseCounts {
  /** Floors and epochs end here, so that half of all counts are left for use. */
  static final int END_OF_FLOOR = 1 << 22;

  static final int END_OF_EPOCH = 1 << 22;

  private int floor;
  private int epoch;

  ReuseCounts(int floor, int epoch) {
    this.floor = floor;
    this.epoch = epoch;
  }

  int floor() {
    return floor;
  }

  int epoch() {
    return epoch;
  }

  /** The count of the next use of what has a stored count; may be beyond the last one. */
  int next(int stored) {
    return Math.max(stored, floor) + epoch;
  }

  /** What to store in a free word whose next use is to have at least a count. */
  int stored(int next) {
    return Math.max(next - epoch, 0);
  }

  /** Pages that are added later begin with a stored count. */
  void raiseFloor(int stored) {
    floor = Math.max(floor, stored);
  }

  /** Passes over the handles that were handed out before a crash and lost with it. */
  void beginEpoch() {
    if (epoch + 1 >= END_OF_EPOCH) {
      throw new PagerFullException(
          "the pager is full: after " + epoch + " crashes its reuse counts are used up", null);
    }
    epoch++;
  }
}
