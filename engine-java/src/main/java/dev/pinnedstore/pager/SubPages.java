package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The sub-pages of one size in a pager. What is used is in the slot map, and so in the same log and
 * checkpoints as the pages; here are the bits from which a free slot is found: for each page that
 * holds such sub-pages which slots are free, which are used, and which pages have a free one. Made
 * anew when a file is opened. All under the state lock, but for {@link #bytes}.
 */
final class SubPages {
  /** Freed slots that are not worth a commit. */
  private static final int LIMBO_SLOTS = 1024;

  private final Pager pager;
  private final PagerFile file;
  private final PageTable table;
  private final WordMap slots;
  private final int slotCount;
  private final int sizeShift;
  private final int kind;

  /** For each leaf of the page map: the free slots of its pages, then the used ones. */
  private long[] @Nullable [] free = new long[0][];

  private long[] @Nullable [] used = new long[0][];
  private final BitTree pagesWithFree = new BitTree();
  private final Limbo limbo = new Limbo();
  private long freeSlots;
  private long usedSlots;

  SubPages(Pager pager, int slotsShift) {
    this.pager = pager;
    this.file = pager.file();
    this.table = file.table();
    this.slots = file.slots();
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
    long[] words = table.words().leaf(leaf);
    long first = leaf << WordMap.LEAF_SHIFT;
    long end = Math.min(table.pageCount(), Geometry.MAX_SUB_PAGES_PAGE);
    for (int i = 0; i < words.length && first + i < end; i++) {
      if (PageWord.kind(words[i]) == kind) {
        addPage(first + i);
      }
    }
  }

  /** Starts to use the slots of a page. */
  private void addPage(long page) {
    long usable = 0;
    long inUse = 0;
    for (int slot = 0; slot < slotCount; slot++) {
      int half = half(page, slot);
      if (SlotWord.isUsed(half)) {
        inUse |= 1L << slot;
      } else if (nextReuse(half) < SlotWord.MAX_REUSE) {
        usable |= 1L << slot;
      }
    }
    setFree(page, usable);
    set(used, page, inUse);
    freeSlots += Long.bitCount(usable);
    usedSlots += Long.bitCount(inUse);
  }

  private int half(long page, int slot) {
    return SlotWord.half(slots.get(SlotWord.index(page, slot)), slot);
  }

  private void setHalf(long page, int slot, int half) {
    long index = SlotWord.index(page, slot);
    file.setSlot(index, SlotWord.with(slots.get(index), slot, half));
  }

  private int nextReuse(int half) {
    return Math.max(SlotWord.reuse(half), file.reuseFloor());
  }

  // ---- the bits

  private static long get(long[] @Nullable [] bits, long page) {
    return leaf(bits, page)[(int) page & (WordMap.LEAF_WORDS - 1)];
  }

  private static void set(long[] @Nullable [] bits, long page, long value) {
    leaf(bits, page)[(int) page & (WordMap.LEAF_WORDS - 1)] = value;
  }

  /** The bits of a leaf that has such pages, or had. */
  private static long[] leaf(long[] @Nullable [] bits, long page) {
    return Objects.requireNonNull(bits[(int) (page >>> WordMap.LEAF_SHIFT)]);
  }

  private void setFree(long page, long bits) {
    int leaf = (int) (page >>> WordMap.LEAF_SHIFT);
    if (leaf >= free.length) {
      free = Arrays.copyOf(free, leaf + 1 + (leaf >> 1));
      used = Arrays.copyOf(used, free.length);
    }
    if (free[leaf] == null) {
      free[leaf] = new long[WordMap.LEAF_WORDS];
      used[leaf] = new long[WordMap.LEAF_WORDS];
    }
    set(free, page, bits);
    if (bits != 0) {
      pagesWithFree.add(page);
    } else {
      pagesWithFree.remove(page);
    }
  }

  // ---- what callers do

  long usedCount() {
    return usedSlots;
  }

  /**
   * Whether a commit, which makes freed slots usable, is the better answer to a lack of slots than
   * another page. Nothing else must be under way then.
   */
  boolean wantsCommit(long count) {
    releaseLimbo();
    return freeSlots < count && !file.isFrozen() && limbo.size() > usedSlots / 8 + LIMBO_SLOTS;
  }

  SubPageId take() {
    releaseLimbo();
    long page = pagesWithFree.first();
    if (page < 0) {
      page = takePage();
    }
    long bits = get(free, page);
    int slot = Long.numberOfTrailingZeros(bits);
    long index = SlotWord.index(page, slot);
    long word = slots.get(index);
    int reuse = nextReuse(SlotWord.half(word, slot));
    file.setSlot(index, SlotWord.with(word, slot, SlotWord.USED | reuse));
    setFreeBits(page, bits & (bits - 1));
    set(used, page, get(used, page) | (1L << slot));
    freeSlots--;
    usedSlots++;
    return SubPageId.of(page, slot, reuse);
  }

  private void setFreeBits(long page, long bits) {
    set(free, page, bits);
    if (bits == 0) {
      pagesWithFree.remove(page);
    }
  }

  /** Makes sure that {@link #take} works so many times, but for the space of the slot map. */
  void reserve(long count) {
    long missing = count - freeSlots;
    if (missing > 0) {
      pager.space().reserve((missing + slotCount - 1) / slotCount);
    }
  }

  private long takePage() {
    while (true) {
      PageId id = pager.space().take(kind);
      long page = id.number();
      // The page was free for good: what was freed of its earlier slots is durable, and goes first.
      releaseLimbo();
      try {
        checkAddressable(page);
        if (!pager.options().sparse()) {
          slots.allocate(SlotWord.index(page, 0));
        }
      } catch (PagerFullException e) {
        pager.space().giveBack(page);
        throw e;
      }
      addPage(page);
      if (get(free, page) != 0) {
        return page;
      }
      // All of its slots have used up their reuse counts.
      table.set(page, PageWord.of(PageWord.SPENT, id.reuse(), 0));
    }
  }

  private static void checkAddressable(long page) {
    if (page >= Geometry.MAX_SUB_PAGES_PAGE) {
      throw new PagerFullException(
          "page " + page + ": sub-pages lie below page " + Geometry.MAX_SUB_PAGES_PAGE, null);
    }
  }

  private void releaseLimbo() {
    if (limbo.size() > 0) {
      limbo.release(file.releasable(), this::makeFree);
    }
  }

  /** Lets a freed slot be used again, unless its page has gone back meanwhile. */
  private void makeFree(long item) {
    long page = item >>> SlotWord.MAX_SLOTS_SHIFT;
    int slot = (int) item & (SlotWord.MAX_SLOTS - 1);
    boolean ours =
        page < table.pageCount() && PageWord.kind(table.get(page)) == kind && get(used, page) != 0;
    if (ours && (get(free, page) & (1L << slot)) == 0) {
      setFree(page, get(free, page) | (1L << slot));
      freeSlots++;
    }
  }

  void free(SubPageId id) {
    end(id, id.reuse() + 1);
    if (id.reuse() + 1 < SlotWord.MAX_REUSE) {
      limbo.add((id.page() << SlotWord.MAX_SLOTS_SHIFT) | id.slot(), file.currentChange());
    }
  }

  /** Undoes {@link #take} within the change that took: nobody has seen the sub-page. */
  void giveBack(SubPageId id) {
    long page = id.page();
    setFree(page, get(free, page) | (1L << id.slot()));
    freeSlots++;
    end(id, id.reuse());
  }

  private void end(SubPageId id, int nextReuse) {
    long page = id.page();
    setHalf(page, id.slot(), nextReuse);
    set(used, page, get(used, page) & ~(1L << id.slot()));
    usedSlots--;
    if (get(used, page) == 0) {
      freeSlots -= Long.bitCount(get(free, page));
      setFree(page, 0);
      pager.space().free(page);
    }
  }

  /** Refuses an id that is not in use. */
  void check(SubPageId id) {
    long page = id.page();
    if (page >= table.pageCount()
        || PageWord.kind(table.get(page)) != kind
        || half(page, id.slot()) != (SlotWord.USED | id.reuse())) {
      throw new InvalidPageException(
          id + ": is not in use in pages of " + slotCount + " sub-pages");
    }
  }

  /** Refuses ids of which one is not in use, or is there twice. */
  void checkAll(Collection<? extends SubPageId> ids) {
    Set<SubPageId> seen = new HashSet<>();
    for (SubPageId id : ids) {
      check(id);
      if (!seen.add(id)) {
        throw new InvalidPageException(id + ": named twice");
      }
    }
  }

  /** The bytes of a sub-page, or null if the id is not in use as far as memory knows. No lock. */
  @Nullable MemorySegment bytes(SubPageId id) {
    long page = id.page();
    int half = SlotWord.half(slots.peek(SlotWord.index(page, id.slot())), id.slot());
    if (half != (SlotWord.USED | id.reuse()) || PageWord.kind(table.peek(page)) != kind) {
      return null;
    }
    return file.extents().page(page).asSlice((long) id.slot() << sizeShift, 1L << sizeShift);
  }

  /** The sub-pages in use in a page, or null if it holds none of this size. */
  @Nullable List<SubPageId> inUse(long page, long word) {
    if (PageWord.kind(word) != kind) {
      return null;
    }
    List<SubPageId> ids = new ArrayList<>();
    for (int slot = 0; slot < slotCount; slot++) {
      int half = half(page, slot);
      if (SlotWord.isUsed(half)) {
        ids.add(SubPageId.of(page, slot, SlotWord.reuse(half)));
      }
    }
    return ids;
  }
}
