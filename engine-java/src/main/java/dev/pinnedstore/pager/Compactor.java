package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Moves pages from the end of a file to free places before them. A round moves some: their copies
 * are synced and committed, then the caller replaces the handles, then the old pages are freed. A
 * crash leaves both copies in use, or one; a handle that the caller kept is good in any case, for
 * the pages that hold it are synced before.
 */
final class Compactor {
  private static final int ROUND = 512;

  private final Pager pager;
  private final PagerFile file;
  private final PageTable table;
  private final PageSpace space;
  private final ProtectedPages protectedPages;

  private record Move(PageHandle from, PageHandle to) {}

  Compactor(Pager pager, ProtectedPages protectedPages) {
    this.pager = pager;
    this.file = pager.file();
    this.table = file.table();
    this.space = pager.space();
    this.protectedPages = protectedPages;
  }

  long compact(Relocation relocation) {
    long moved = 0;
    while (true) {
      // Makes what was freed findable.
      file.commitAll();
      List<Move> moves = new ArrayList<>();
      pager.change(Durability.SYNC, () -> copySome(moves));
      if (moves.isEmpty()) {
        return moved;
      }
      moved += tell(moves, relocation);
    }
  }

  /** Copies pages down, from the last on, until a round is full or nothing lies lower. */
  private void copySome(List<Move> moves) {
    space.releaseLimbo();
    for (long page = table.pageCount() - 1; page >= 0 && moves.size() < ROUND; page--) {
      if (!table.words().isPresent(page >>> WordMap.LEAF_SHIFT)) {
        // Never used, so nothing to move.
        page &= -WordMap.LEAF_WORDS;
        continue;
      }
      long free = table.findFree();
      long pair = table.findPair();
      if ((free < 0 || free > page) && (pair < 0 || pair > page)) {
        return;
      }
      long word = table.get(page);
      if (PageWord.kind(word) == PageWord.PAGE && free >= 0 && free < page) {
        moves.add(copyPage(PageId.of(page, PageWord.reuse(word))));
      } else if (PageWord.isProtected(word) && pair >= 0 && pair < page) {
        if (!protectedPages.isWriting(page)) {
          copyProtected(PageId.value(page, PageWord.reuse(word)), pair, moves);
        }
      }
    }
  }

  private Move copyPage(PageId from) {
    PageId to = space.take(PageWord.PAGE);
    file.extents().page(to.number()).copyFrom(file.extents().page(from.number()));
    file.syncFirst(to.number());
    return new Move(from, to);
  }

  private void copyProtected(long from, long pair, List<Move> moves) {
    MemorySegment bytes;
    try {
      bytes = protectedPages.active(from, false);
    } catch (PagerCorruptException | InvalidPageException e) {
      // Damaged: it stays where it is, for verify to tell of.
      return;
    }
    file.extents().page(pair).copyFrom(bytes);
    PageId to = space.takePair(pair);
    moves.add(new Move(protectedPages.handle(from), protectedPages.handle(to.value())));
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
      pager.sync();
      int upTo = told;
      List<PageHandle> rest = new ArrayList<>();
      for (int i = 0; i < moves.size(); i++) {
        rest.add(i < upTo ? moves.get(i).from() : moves.get(i).to());
      }
      free(rest);
    }
  }

  private void free(List<PageHandle> pages) {
    List<PageId> plain = new ArrayList<>();
    List<ProtectedPage> guarded = new ArrayList<>();
    for (PageHandle page : pages) {
      switch (page) {
        case PageId id -> plain.add(id);
        case ProtectedPage one -> guarded.add(one);
        default -> throw new IllegalStateException(page + ": is never moved");
      }
    }
    pager.freeBulk(plain, Durability.NONE);
    protectedPages.freeBulk(guarded, Durability.SYNC);
  }
}
