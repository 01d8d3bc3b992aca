package dev.pinnedstore.backend;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * One page: an id, a generation, and memory while it has any.
 *
 * <h2>The life of a page</h2>
 *
 * <pre>
 *            commit               activate             seal              last acknowledgement
 *   (free) ---------> [ready] ---------------> active -------> sealed -----------------------+
 *      ^                 ^  |  give back                                                     |
 *      |                 |  v                                                                v
 *      +-----------------|--+             recycle: generation + 1, views retired         [emptied]
 *                        +-------------------------------------------------------------------+
 * </pre>
 *
 * <p>Names in brackets are stacks: whoever pops a page from one owns it alone. An active page is in
 * a stripe of the backend; a sealed one is in no list, its handles lead to it.
 *
 * <h2>Reclamation: who may do what, in which order, and why it is safe</h2>
 *
 * <ol>
 *   <li><b>Reserve.</b> A writer adds granules and one entry to {@link #reserve} by one
 *       compare-and-set, which fails once the word is sealed. From then on the entry is counted,
 *       and the page cannot be emptied before this entry is acknowledged or cancelled: a writer in
 *       flight is never robbed. It reads {@link #frame} and {@link #generation} after that.
 *   <li><b>Publish.</b> The writer copies the bytes, raises {@link #newestMillis}, and stores the
 *       entry's word with release: whoever reads the word sees the bytes and the time.
 *   <li><b>Acknowledge.</b> One compare-and-set of the entry's word, live to acknowledged; only the
 *       thread whose compare-and-set succeeds then adds -1 to {@link #live}. A cancelled
 *       reservation adds -1 as well.
 *   <li><b>Seal.</b> One thread sets the sealed bit by a compare-and-set of the word by which it
 *       judged the page full, acknowledged or idle: so it is right about what it seals, whatever
 *       happened since it looked. It alone then takes the page out of its stripe, and only after
 *       that adds the number of entries, which the word told it, to {@link #live}. Before that
 *       addition {@link #live} counts from zero downwards, so it cannot reach zero by an
 *       acknowledgement; after it, it holds the entries that are left. So exactly one addition in a
 *       page's generation yields zero, and the thread that made it owns the emptied page, which is
 *       in no stripe any more. No other thread touches the page after its own addition, so the
 *       owner is alone. A writer that meets a sealed page in its stripe waits for the next one.
 *   <li><b>Recycle</b> by the owner: the generation rises first, then a full fence. A reader that
 *       checks the generation <em>after</em> it has taken a view or copied bytes either sees the
 *       new one and fails, or has finished before anything was changed. Then the views are retired
 *       ({@link PageView}); only after that the page is ready again.
 *   <li><b>Activate.</b> The owner puts in a new view marker and {@link #live} = 0, and makes
 *       {@link #reserve} say that the page is about to be opened, sealed still; then it installs
 *       the page in the stripe, and only after that the page is opened, by one compare-and-set: by
 *       the owner, or by a writer that finds it there and would otherwise wait. A page that lost
 *       the race into an empty stripe was never open, so it goes back to the ready ones with
 *       nothing in it. The word holds the generation: whoever read it before it saw the page in the
 *       stripe opens this incarnation or none. A writer that kept a reference to the page from long
 *       ago and reserves now has a valid reservation in the new generation.
 *   <li><b>Give back</b> by the owner of a ready page: its Arena closes, which waits for readers
 *       that are inside an access and makes every later access an exception.
 * </ol>
 */
final class Page extends PageWords.Padded {
  private static final VarHandle VIEW = handle("view", PageView.class);
  private static final VarHandle SPAN = handle("span", PageView.class);
  private static final VarHandle NEWEST = handle("newestMillis", long.class);

  final int id;

  /** The generation of the slot's first incarnation. */
  final int firstGeneration;

  /** Counts incarnations from {@link #firstGeneration} upwards; written by the owner alone. */
  volatile int generation;

  /** The memory, or null while the slot is free. */
  volatile @Nullable Frame frame;

  volatile PageView view = PageView.NONE;

  /** The view of the blob that begins here and ends in a later page; {@link Spans}. */
  volatile PageView span = PageView.NONE;

  /** No entry is younger; raised before an entry becomes visible. */
  volatile long newestMillis;

  /** The stripe that the page is in while it takes blobs; written before it is in it. */
  int stripe;

  /** When the page was last emptied or made, by the store's clock. */
  long idleSinceNanos;

  /** Whether bytes of earlier blobs may be in the memory. */
  boolean dirty;

  /** The page below in a {@link PageStack}, by id + 1; 0 ends the stack. */
  volatile int below;

  /** Failed reservations; racy on purpose, a hint that threads meet here. */
  int collisions;

  Page(int id, int firstGeneration) {
    this.id = id;
    this.firstGeneration = firstGeneration;
    this.generation = firstGeneration;
  }

  private static VarHandle handle(String name, Class<?> type) {
    try {
      return MethodHandles.lookup().findVarHandle(Page.class, name, type);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Whether the slot has used up its generations and must never be issued again. */
  boolean isSpent() {
    return generation == firstGeneration - 1;
  }

  /** Whether a generation was this slot's at some time before now. */
  boolean isPast(int generation) {
    return Integer.compareUnsigned(generation - firstGeneration, this.generation - firstGeneration)
        < 0;
  }

  /** Raises the time of the newest entry. */
  void raiseNewest(long millis) {
    long newest = newestMillis;
    while (millis > newest && !NEWEST.compareAndSet(this, newest, millis)) {
      newest = newestMillis;
    }
  }

  /**
   * Seals the page if its word is still this one. The caller then takes the page out of its stripe
   * and calls {@link #countSealed}, in this order.
   */
  boolean seal(long word) {
    return !ReserveLayout.isSealed(word)
        && PageWords.RESERVE.compareAndSet(this, word, word | ReserveLayout.SEALED);
  }

  /**
   * Counts the entries of a page that the caller has sealed.
   *
   * @param word the page's word
   * @return true when the caller thereby owns it, emptied
   */
  boolean countSealed(long word) {
    long entries = ReserveLayout.entries(word);
    return (long) PageWords.LIVE.getAndAdd(this, entries) + entries == 0;
  }

  /**
   * Takes one entry off the count: acknowledged or cancelled.
   *
   * @return true when the caller thereby owns the page, emptied
   */
  boolean release() {
    return (long) PageWords.LIVE.getAndAdd(this, -1L) == 1;
  }

  /** Whether the page takes no blobs any more and one entry is left. */
  boolean isLastEntry() {
    return ReserveLayout.isSealed(reserve) && live == 1;
  }

  /** Entries that are neither acknowledged nor cancelled; exact when nobody writes. */
  long liveEntries() {
    long count = live;
    long word = reserve;
    return Math.max(0, ReserveLayout.isSealed(word) ? count : ReserveLayout.entries(word) + count);
  }

  /**
   * Whether a page that takes blobs has some and all of them are acknowledged, as far as it is true
   * for whom sealing by that word succeeds.
   *
   * @param word the page's word, read before this call
   */
  boolean isAcknowledged(long word) {
    int entries = ReserveLayout.entries(word);
    return !ReserveLayout.isSealed(word) && entries > 0 && entries + live == 0;
  }

  /** Whether a page that takes blobs has none, by its word. */
  static boolean isUnused(long word) {
    return !ReserveLayout.isSealed(word) && ReserveLayout.entries(word) == 0;
  }

  /**
   * Prepares the page to be opened once it is in a stripe; owner only.
   *
   * @param contents an entry that is in it already, in the form of {@link #reserve}, or zero
   */
  void beginOpening(long contents, long millis) {
    prepare(millis);
    view = new PageView();
    PageWords.RESERVE.setRelease(this, ReserveLayout.opening(generation, contents));
  }

  /** Opens the page if its word is this, which the caller read before it saw the page installed. */
  void open(long opening) {
    var _ = PageWords.RESERVE.compareAndSet(this, opening, ReserveLayout.opened(opening));
  }

  /** Makes the page that of a single blob, sealed with one entry; owner only. */
  void activateForOne(long millis) {
    prepare(millis);
    live = 1;
    reserve = ReserveLayout.SEALED | ReserveLayout.ENTRY;
    view = new PageView();
  }

  /** Undoes what was prepared and never seen; owner only. */
  void reset() {
    live = 0;
    reserve = ReserveLayout.SEALED;
    view = PageView.NONE;
  }

  private void prepare(long millis) {
    newestMillis = millis;
    live = 0;
    collisions = 0;
  }

  /**
   * Ends the generation; owner only.
   *
   * @return true when nobody has a view of the page, so that it is ready again; otherwise its views
   *     must die first
   */
  boolean endGeneration() {
    int next = generation + 1;
    generation = next;
    VarHandle.fullFence();
    reserve = ReserveLayout.SEALED;
    dirty = true;
    if ((next & (EntryLayout.GENERATIONS - 1)) == 0 && frame != null) {
      EntryLayout.clear(frame);
    }
    PageView current = view;
    return !current.isShared() && VIEW.compareAndSet(this, current, PageView.NONE);
  }

  /**
   * Seals the page with one more entry, which takes the rest of it and goes on behind it. The rest
   * is the caller's as after {@link #seal}.
   *
   * @param word what the page's word must be, not sealed
   * @param granules the page's size
   * @return whether it was
   */
  boolean sealAcross(long word, long granules) {
    long rest = granules - ReserveLayout.usedGranules(word);
    long sealed = (word + ReserveLayout.ENTRY + rest) | ReserveLayout.SEALED;
    return PageWords.RESERVE.compareAndSet(this, word, sealed);
  }

  /** Replaces the marker of {@link #span}; false when it is no longer there. */
  boolean replaceSpan(PageView marker, PageView replacement) {
    return SPAN.compareAndSet(this, marker, replacement);
  }

  /** Installs the first view of a generation; false when the marker is no longer there. */
  boolean share(PageView marker, PageView shared) {
    return VIEW.compareAndSet(this, marker, shared);
  }
}
