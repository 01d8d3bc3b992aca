package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Moves pages from the end of a file to free places before them. A round moves some: places are
 * held, the bytes are copied without the state lock, the places are taken and that is durable; then
 * the caller replaces the handles, then the old pages are freed. A crash leaves both copies in use,
 * or one; a handle that the caller kept is good in any case, for the pages that hold it are synced
 * before.
 */
final class Compactor {
  private static final int ROUND_PAGES = 512;
  private static final long ROUND_BYTES = 64L << 20;

  private final Session session;
  private final PagerFile file;
  private final PageTable table;
  private final PageSpace space;
  private final Extents extents;
  private final Pages pages;
  private final ProtectedPages protectedPages;

  /** The next page to look at; what lies above has moved or stays. */
  private long next;

  /** A page to be moved, as its word was, and the place that is held for it. */
  private record Plan(long page, long word, long place) {
    boolean isProtected() {
      return PageWord.isProtected(word);
    }

    long value() {
      return PageId.value(page, PageWord.reuse(word));
    }
  }

  /** A page that was copied. */
  private record Move(PageHandle from, PageHandle to) {}

  Compactor(Session session, Pages pages, ProtectedPages protectedPages) {
    this.session = session;
    this.file = session.file();
    this.table = file.table();
    this.space = session.space();
    this.extents = file.extents();
    this.pages = pages;
    this.protectedPages = protectedPages;
    this.next = session.read(table::pageCount) - 1;
  }

  /** Moves what can be moved; returns how many pages. */
  long compact(Relocation relocation) {
    long moved = 0;
    while (true) {
      // Makes what was freed findable.
      file.commitAll();
      List<Plan> plans = plan();
      if (plans.isEmpty()) {
        return moved;
      }
      moved += tell(copy(plans), relocation);
    }
  }

  private List<Plan> plan() {
    List<Plan> plans = new ArrayList<>();
    boolean done = false;
    try {
      session.change(Durability.NONE, () -> holdSome(plans));
      done = true;
      return plans;
    } finally {
      if (!done) {
        session.read(() -> release(plans));
      }
    }
  }

  /** Holds places for pages, from the last on, until a round is full or nothing lies lower. */
  private void holdSome(List<Plan> plans) {
    space.releaseLimbo();
    long most = Math.clamp(ROUND_BYTES >> file.geometry().pageShift(), 1, ROUND_PAGES);
    for (; next >= 0 && plans.size() < most; next--) {
      if (next >= table.pageCount() || !isReadable(next >>> WordMap.LEAF_SHIFT)) {
        next &= -WordMap.LEAF_WORDS;
        continue;
      }
      long free = table.findFree();
      if (free < 0 || free > next) {
        return;
      }
      long word = table.get(next);
      boolean movable =
          table.isPaired(next, word) ? !protectedPages.writers().isWriting(next) : isPlain(word);
      if (movable) {
        long place = isPlain(word) ? space.holdBelow(next) : space.holdPairBelow(next);
        if (place >= 0) {
          plans.add(new Plan(next, word, place));
        }
      }
    }
  }

  /** Whether a leaf was ever used, and is not damaged: verify tells of those that are. */
  private boolean isReadable(long leaf) {
    try {
      return table.words().isPresent(leaf) && table.words().leaf(leaf).length > 0;
    } catch (PagerCorruptException e) {
      return false;
    }
  }

  private static boolean isPlain(long word) {
    return PageWord.kind(word) == PageWord.PAGE;
  }

  /** Copies pages to their places and takes these; what has changed meanwhile stays. */
  private List<Move> copy(List<Plan> plans) {
    List<Move> moves = new ArrayList<>();
    boolean[] taken = new boolean[1];
    try {
      List<@Nullable Integer> checksums = new ArrayList<>();
      for (Plan plan : plans) {
        checksums.add(copy(plan));
      }
      session.change(
          Durability.SYNC,
          () -> {
            taken[0] = true;
            for (int i = 0; i < plans.size(); i++) {
              take(plans.get(i), checksums.get(i), moves);
            }
          });
      return moves;
    } finally {
      if (!taken[0]) {
        session.read(() -> release(plans));
      }
    }
  }

  /** The checksum of the copy under its new name; null if the page is damaged and stays. */
  private @Nullable Integer copy(Plan plan) {
    MemorySegment to = extents.page(plan.place());
    if (!plan.isProtected()) {
      to.copyFrom(extents.page(plan.page()));
      return 0;
    }
    to.copyFrom(extents.page(table.activePlace(plan.page(), plan.word())));
    if (ProtectedPages.checksum(to, plan.value()) != PageWord.payload(plan.word())) {
      return null;
    }
    long name = session.read(() -> space.nameOf(plan.place())).value();
    return ProtectedPages.checksum(to, name);
  }

  private void take(Plan plan, @Nullable Integer checksum, List<Move> moves) {
    boolean same =
        plan.page() < table.pageCount()
            && table.get(plan.page()) == plan.word()
            && !protectedPages.writers().isWriting(plan.page());
    if (checksum == null || !same) {
      release(plan);
    } else if (plan.isProtected()) {
      PageId to = space.takePair(plan.place(), checksum);
      moves.add(new Move(protectedPages.handle(plan.value()), protectedPages.handle(to.value())));
    } else {
      file.syncFirst(plan.place());
      moves.add(new Move(new PageId(plan.value()), space.take(plan.place(), PageWord.PAGE)));
    }
  }

  private int release(List<Plan> plans) {
    plans.forEach(this::release);
    return plans.size();
  }

  private void release(Plan plan) {
    if (plan.isProtected()) {
      space.releasePair(plan.place());
    } else {
      space.release(plan.place());
    }
  }

  /** Tells of each move and frees what was left; after an exception, what was not told. */
  private long tell(List<Move> moves, Relocation relocation) {
    int told = 0;
    try {
      for (Move move : moves) {
        relocation.moved(move.from(), move.to());
        told++;
      }
      return told;
    } finally {
      // The caller may keep handles in pages: the new ones must be there before the old ones go.
      file.syncPages();
      file.commitAll();
      free(moves, told);
    }
  }

  private void free(List<Move> moves, int told) {
    List<IllegalStateException> refused = new ArrayList<>();
    session.change(
        Durability.SYNC,
        () -> {
          for (int i = 0; i < moves.size(); i++) {
            PageHandle page = i < told ? moves.get(i).from() : moves.get(i).to();
            try {
              free(page);
            } catch (InvalidPageException e) {
              // The callback has freed it.
            } catch (IllegalStateException e) {
              refused.add(e);
            }
          }
        });
    if (!refused.isEmpty()) {
      throw refused.getFirst();
    }
  }

  private void free(PageHandle page) {
    switch (page) {
      case PageId id -> pages.freeNow(id);
      case ProtectedPage one -> protectedPages.freeNow(List.of(one));
      default -> throw new AssertionError(page + ": is never moved");
    }
  }
}
