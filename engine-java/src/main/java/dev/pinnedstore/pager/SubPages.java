package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The sub-pages of one size in a pager. What is used is in the slot map, and so in the same log and
 * checkpoints as the pages; the {@link SlotBits} from which a free slot is found are made anew when
 * a file is opened. All under the state lock, but for {@link #bytes}.
 *
 * <p>A slot is held before it is taken, as pages are: {@link PageSpace}.
 */
final class SubPages {
  /** Freed slots that are not worth a commit. */
  private static final int LIMBO_SLOTS = 1024;

  /** Pages with a damaged leaf of the slot map that one call passes over. */
  private static final int MAX_DAMAGED = 64;

  private final PagerFile file;
  private final PageSpace space;
  private final PageTable table;
  private final WordMap slots;
  private final ReuseCounts counts;
  private final boolean sparse;
  private final int slotCount;
  private final int sizeShift;
  private final int kind;

  private final SlotBits bits = new SlotBits();
  private final Limbo limbo = new Limbo();
  private final LongConsumer whatIsFree = this::makeFree;
  private long usedSlots;

  SubPages(Session session, int slotsShift) {
    this.file = session.file();
    this.space = session.space();
    this.table = file.table();
    this.slots = file.slots();
    this.counts = file.counts();
    this.sparse = session.options().sparse();
    this.slotCount = 1 << slotsShift;
    this.sizeShift = file.geometry().pageShift() - slotsShift;
    this.kind = PageWord.SUB_PAGES + slotsShift;
    for (long leaf = 0; leaf < table.leaves(); leaf++) {
      if (table.words().mayHave(leaf, PageTable.HAS_SUB_PAGES)) {
        readLeaf(leaf);
      }
    }
  }

  private void readLeaf(long leaf) {
    try {
      long[] words = table.words().leaf(leaf);
      long first = leaf << WordMap.LEAF_SHIFT;
      long end = Math.min(table.pageCount(), Geometry.MAX_SUB_PAGES_PAGE);
      for (int i = 0; i < words.length && first + i < end; i++) {
        if (PageWord.kind(words[i]) == kind) {
          addPage(first + i, usable(first + i), inUse(first + i));
        }
      }
    } catch (PagerCorruptException e) {
      // These pages hand out nothing; whoever names one of their sub-pages is told, and verify.
    }
  }

  /** The slots of a page that are in use. */
  private long inUse(long page) {
    return slotsThat(page, SlotWord::isUsed);
  }

  /** The slots of a page that can be handed out. */
  private long usable(long page) {
    return slotsThat(page, this::isUsable);
  }

  private long slotsThat(long page, IntPredicate matches) {
    long index = SlotWord.index(page, 0);
    long[] words = slots.leaf(index >>> WordMap.LEAF_SHIFT);
    int first = (int) index & (WordMap.LEAF_WORDS - 1);
    long found = 0;
    for (int slot = 0; slot < slotCount; slot++) {
      int half = SlotWord.half(words[first + (slot >>> 1)], slot);
      found |= matches.test(half) ? 1L << slot : 0;
    }
    return found;
  }

  private boolean isUsable(int half) {
    return !SlotWord.isUsed(half) && counts.next(SlotWord.reuse(half)) < SlotWord.MAX_REUSE;
  }

  /** Starts to use the slots of a page. */
  private void addPage(long page, long usable, long inUse) {
    bits.add(page, usable, inUse);
    usedSlots += Long.bitCount(inUse);
  }

  private int half(long page, int slot) {
    return SlotWord.half(slots.get(SlotWord.index(page, slot)), slot);
  }

  private void setHalf(long page, int slot, int half) {
    long index = SlotWord.index(page, slot);
    file.setSlot(index, SlotWord.with(slots.get(index), slot, half));
  }

  // ---- hand out

  long usedCount() {
    return usedSlots;
  }

  /**
   * Whether a commit, which makes freed slots usable, is the better answer to a lack of slots than
   * another page. Nothing else must be under way then.
   */
  boolean wantsCommit(long count) {
    if (bits.freeCount() >= count) {
      return false;
    }
    releaseLimbo();
    return bits.freeCount() < count
        && !file.changes().isFrozen()
        && limbo.size() > usedSlots / 8 + LIMBO_SLOTS;
  }

  /** Holds the lowest slot of the lowest page that has a free one: page and slot in one number. */
  long hold() {
    releaseLimbo();
    long page = bits.pageWithFree();
    if (page < 0) {
      page = takePage();
    }
    return (page << SlotWord.MAX_SLOTS_SHIFT) | bits.useLowest(page);
  }

  /** Holds slots; all or none. */
  long[] hold(int count) {
    long missing = count - bits.freeCount();
    if (missing > 0) {
      space.reserve((missing + slotCount - 1) / slotCount);
    }
    long[] held = new long[count];
    int done = 0;
    try {
      while (done < count) {
        held[done] = hold();
        done++;
      }
      return held;
    } finally {
      if (done < count) {
        release(held, done);
      }
    }
  }

  /** Takes a held slot. */
  SubPageId take(long item) {
    long page = item >>> SlotWord.MAX_SLOTS_SHIFT;
    int slot = (int) item & (SlotWord.MAX_SLOTS - 1);
    long index = SlotWord.index(page, slot);
    long word = slots.get(index);
    int reuse = counts.next(SlotWord.reuse(SlotWord.half(word, slot)));
    file.setSlot(index, SlotWord.with(word, slot, SlotWord.USED | reuse));
    usedSlots++;
    return SubPageId.of(page, slot, reuse);
  }

  /** Takes held slots; releases them if that fails. */
  SubPageId[] takeOrRelease(long[] held) {
    int taken = 0;
    SubPageId[] ids = {};
    boolean done = false;
    try {
      ids = new SubPageId[held.length];
      while (taken < held.length) {
        ids[taken] = take(held[taken]);
        taken++;
      }
      done = true;
      return ids;
    } finally {
      if (!done) {
        // No heap for it.
        for (int i = 0; i < taken; i++) {
          setHalf(ids[i].page(), ids[i].slot(), counts.stored(ids[i].reuse()));
          usedSlots--;
        }
        release(held, held.length);
      }
    }
  }

  /** Lets held slots be found again; returns how many. */
  int release(long[] held, int count) {
    for (int i = 0; i < count; i++) {
      long page = held[i] >>> SlotWord.MAX_SLOTS_SHIFT;
      long bit = 1L << held[i];
      bits.addFree(page, bit);
      unuse(page, bit);
    }
    return count;
  }

  /** Cuts a free page into slots. */
  private long takePage() {
    PagerCorruptException damage = null;
    for (int damaged = 0; damage == null || damaged < MAX_DAMAGED; ) {
      long page = space.hold();
      // The page was free for good: what was freed of its earlier slots is durable, and goes first.
      releaseLimbo();
      long usable;
      try {
        usable = prepare(page);
      } catch (PagerFullException e) {
        space.release(page);
        throw e;
      } catch (PagerCorruptException e) {
        // It stays held, or it would be found first again, until the file is opened anew.
        damage = e;
        damaged++;
        continue;
      }
      if (usable == 0) {
        space.retire(page);
      } else {
        space.take(page, kind);
        // In use is none: the page was free.
        addPage(page, usable, 0);
        return page;
      }
    }
    throw damage;
  }

  /**
   * Makes sure that the slots of a page have their place in the slot map; those that are usable.
   */
  private long prepare(long page) {
    if (page >= Geometry.MAX_SUB_PAGES_PAGE) {
      throw new PagerFullException(
          "page " + page + ": sub-pages lie below page " + Geometry.MAX_SUB_PAGES_PAGE, null);
    }
    if (!sparse) {
      slots.allocate(SlotWord.index(page, 0));
    }
    return usable(page);
  }

  // ---- take back

  private void releaseLimbo() {
    limbo.release(file.changes().releasable(), whatIsFree);
  }

  /** Lets a freed slot be used again, unless its page has gone back meanwhile. */
  private void makeFree(long item) {
    long page = item >>> SlotWord.MAX_SLOTS_SHIFT;
    int slot = (int) item & (SlotWord.MAX_SLOTS - 1);
    boolean ours =
        page < table.pageCount() && PageWord.kind(table.get(page)) == kind && bits.hasUsed(page);
    if (ours) {
      bits.addFree(page, 1L << slot);
    }
  }

  void free(SubPageId id) {
    int next = id.reuse() + 1;
    setHalf(id.page(), id.slot(), counts.stored(next));
    usedSlots--;
    unuse(id.page(), 1L << id.slot());
    if (next < SlotWord.MAX_REUSE) {
      limbo.add((id.page() << SlotWord.MAX_SLOTS_SHIFT) | id.slot(), file.changes().current());
    }
  }

  /** Ends the use of a slot; a page without any goes back. */
  private void unuse(long page, long bit) {
    bits.unuse(page, bit);
    if (!bits.hasUsed(page)) {
      bits.remove(page);
      space.free(page);
    }
  }

  /** Refuses an id that is not in use. */
  void check(SubPageId id) {
    long page = id.page();
    if (id.slot() >= slotCount
        || page >= table.pageCount()
        || PageWord.kind(table.get(page)) != kind
        || half(page, id.slot()) != (SlotWord.USED | id.reuse())) {
      throw new InvalidPageException(
          id + ": is not in use in pages of " + slotCount + " sub-pages");
    }
  }

  /** Refuses ids of which one is not in use, or is there twice. */
  void checkAll(Collection<? extends SubPageId> ids) {
    long[] values = new long[ids.size()];
    int count = 0;
    for (SubPageId id : ids) {
      check(id);
      values[count++] = id.value();
    }
    Arrays.sort(values);
    for (int i = 1; i < values.length; i++) {
      if (values[i] == values[i - 1]) {
        throw new InvalidPageException(new SubPageId(values[i]) + ": named twice");
      }
    }
  }

  // ---- find

  /** The bytes of a sub-page, or null if the id is not in use as far as memory knows. No lock. */
  @Nullable MemorySegment bytes(SubPageId id) {
    long page = id.page();
    int half = SlotWord.half(slots.peek(SlotWord.index(page, id.slot())), id.slot());
    if (id.slot() >= slotCount
        || half != (SlotWord.USED | id.reuse())
        || PageWord.kind(table.peek(page)) != kind) {
      return null;
    }
    return file.extents().partOrNull(page, offset(id), 1L << sizeShift);
  }

  /** Where a sub-page begins in its page. */
  long offset(SubPageId id) {
    return (long) id.slot() << sizeShift;
  }

  /** The bytes of a held slot. */
  MemorySegment bytes(long held) {
    long offset = (held & (SlotWord.MAX_SLOTS - 1)) << sizeShift;
    MemorySegment page = file.extents().page(held >>> SlotWord.MAX_SLOTS_SHIFT);
    return page.asSlice(offset, 1L << sizeShift);
  }

  /** Has a held slot synced before the change under way commits. */
  void syncFirst(long held) {
    file.syncFirst(held >>> SlotWord.MAX_SLOTS_SHIFT);
  }

  /** Adds the sub-pages in use in a page, if it holds any of this size. */
  void addInUse(long page, long word, List<SubPageId> to) {
    if (PageWord.kind(word) != kind) {
      return;
    }
    for (int slot = 0; slot < slotCount; slot++) {
      int half = half(page, slot);
      if (SlotWord.isUsed(half)) {
        to.add(SubPageId.of(page, slot, SlotWord.reuse(half)));
      }
    }
  }
}
