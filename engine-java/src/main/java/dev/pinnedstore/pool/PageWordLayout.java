package dev.pinnedstore.pool;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The word of a page: where it is, who uses it, and which state of it that is. One word answers a
 * lookup and is all that a pin changes.
 *
 * <pre>
 *  63                    38 37                    12   11     10   9          0
 * +------------------------+------------------------+------+------+------------+
 * |         frame          |        version         | used | wait |   latch    |
 * +------------------------+------------------------+------+------+------------+
 * </pre>
 *
 * <ul>
 *   <li><b>latch</b>: 0 absent (the frame is 0 then), 1 resident, 2 to 1021 resident with 1 to 1020
 *       pins, 1022 busy (somebody loads or evicts it, and alone changes frame and latch), 1023
 *       pinned exclusively.
 *   <li><b>wait</b>: threads wait for the latch to change; whoever changes it wakes them.
 *   <li><b>used</b>: the policy was told, or will be, that the page was used; cleared when it is.
 *   <li><b>version</b>: grows whenever the latch becomes busy or exclusive, so that bytes read
 *       between two equal versions, of which the first was neither, belong together. It comes round
 *       after 2^26 such changes of one page: an optimistic read that pauses through exactly so
 *       many, a second at the least, would not notice.
 *   <li><b>frame</b>: where the page is, while it is not absent.
 * </ul>
 *
 * <p><b>Memory order.</b> A word is read with acquire, before what it protects. Changes are CAS or
 * fetch-and-add, volatile both ways: a release of the bytes that the owner wrote, and an acquire
 * for whoever comes next. Taking a latch exclusively is followed by {@link #fenceAfterTaking()},
 * since without it a later plain store into the page could be seen before the latch; an optimistic
 * read ends with {@link #fenceBeforeValidation()}, or its loads could happen after the second look
 * at the word.
 */
final class PageWordLayout {
  static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

  static final int LATCH_MASK = 0x3FF;
  static final int ABSENT = 0;
  static final int RESIDENT = 1;
  static final int BUSY = 1022;
  static final int EXCLUSIVE = 1023;

  static final int MAX_PINS = BUSY - 1 - RESIDENT;

  static final long WAIT = 1L << 10;
  static final long USED = 1L << 11;

  private static final int VERSION_SHIFT = 12;
  private static final int FRAME_SHIFT = 38;
  private static final long VERSION_UNIT = 1L << VERSION_SHIFT;
  private static final long VERSION_MASK = (1L << FRAME_SHIFT) - VERSION_UNIT;

  /** As many as there are numbers for. */
  static final int MAX_FRAMES = 1 << (Long.SIZE - FRAME_SHIFT);

  private PageWordLayout() {}

  static long get(long[] words, int slot) {
    return (long) WORD.getAcquire(words, slot);
  }

  static boolean cas(long[] words, int slot, long from, long to) {
    return WORD.compareAndSet(words, slot, from, to);
  }

  static long add(long[] words, int slot, long change) {
    return (long) WORD.getAndAdd(words, slot, change);
  }

  static int latch(long word) {
    return (int) word & LATCH_MASK;
  }

  static int frame(long word) {
    return (int) (word >>> FRAME_SHIFT);
  }

  /** Whether the bytes may be looked at: resident, and nobody writes. */
  static boolean isReadable(long word) {
    return Integer.compareUnsigned(latch(word) - RESIDENT, BUSY - RESIDENT) < 0;
  }

  /** Whether another shared pin is possible. */
  static boolean canPin(long word) {
    return Integer.compareUnsigned(latch(word) - RESIDENT, MAX_PINS) < 0;
  }

  /** Whether somebody has a shared pin. */
  static boolean isPinned(long word) {
    return Integer.compareUnsigned(latch(word) - RESIDENT - 1, MAX_PINS) < 0;
  }

  /** Whether a page is in a frame and not on its way in or out. */
  static boolean isResident(long word) {
    return latch(word) != ABSENT && latch(word) != BUSY;
  }

  /** Whether nobody took the latch exclusively, nor moved the page, between two looks at it. */
  static boolean isSame(long before, long after) {
    return (before ^ after) >>> VERSION_SHIFT == 0;
  }

  /** With another latch, and a new version if that is one that writes. */
  static long withLatch(long word, int latch) {
    long next =
        latch >= BUSY ? (word & ~VERSION_MASK) | ((word + VERSION_UNIT) & VERSION_MASK) : word;
    return (next & ~(long) LATCH_MASK) | latch;
  }

  /** Resident in a frame, not used yet; waiters and version stay. */
  static long placed(long word, int frame, int latch) {
    return (word & (VERSION_MASK | WAIT)) | ((long) frame << FRAME_SHIFT) | latch;
  }

  /** Resident after all; to be told as used anew. */
  static long returned(long word) {
    return (word & ~(USED | LATCH_MASK)) | RESIDENT;
  }

  /** In no frame; waiters and version stay. */
  static long absent(long word) {
    return word & (VERSION_MASK | WAIT);
  }

  static void fenceAfterTaking() {
    VarHandle.storeStoreFence();
  }

  static void fenceBeforeValidation() {
    VarHandle.loadLoadFence();
  }
}
