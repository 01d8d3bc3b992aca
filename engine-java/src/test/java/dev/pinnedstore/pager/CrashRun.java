package dev.pinnedstore.pager;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Random changes of a pager on a disk that may stop, and the model beside it: every state since the
 * last one that was durable. What a crash leaves must be one of them, and each page that was synced
 * and is in use then must have its bytes.
 */
final class CrashRun {
  private static final PagerOptions OPTIONS =
      PagerOptions.defaults().withDurability(Durability.NONE);

  private final SplittableRandom random;
  private final int pageSize;
  private final Durability lazy;
  private SimulatedDisk disk;
  private final List<PagerState> possible = new ArrayList<>();

  /** Bytes of pages and sub-pages by value: as written, and as they were at their last sync. */
  private final Map<Long, Long> written = new HashMap<>();

  private final Map<Long, Long> synced = new HashMap<>();
  private final Map<Long, Long> writtenSubs = new HashMap<>();
  private final Map<Long, Long> syncedSubs = new HashMap<>();

  /** Handles that no page may get again, whatever became of them. */
  private final Set<PageHandle> issued = new HashSet<>();

  private Pager pager;
  private SubPageAllocator subPages;
  private long stamps = 1;
  private boolean reopening;

  CrashRun(long seed) throws IOException {
    this(seed, 10, Durability.NONE);
  }

  /**
   * Begins with an empty pager.
   *
   * @param lazy the durability of changes that nobody waits for
   */
  CrashRun(long seed, int pageShift, Durability lazy) throws IOException {
    this.random = new SplittableRandom(seed);
    this.pageSize = 1 << pageShift;
    this.lazy = lazy;
    this.disk = new SimulatedDisk(random.split(), pageShift == 10 ? 3 << 20 : 5 << 20);
    Geometry geometry = new Geometry(pageShift, JournalLayout.MIN_LOG_BYTES);
    this.pager = Pager.create(disk, geometry, OPTIONS, () -> {});
    this.subPages = new SubPageAllocator(pager, pageSize / 8);
    durable();
  }

  SimulatedDisk disk() {
    return disk;
  }

  private void durable() {
    possible.clear();
    possible.add(PagerState.of(pager, subPages));
  }

  /** Makes changes until the disk stops or all are made; true if it stopped. */
  boolean run(int steps) throws IOException {
    for (int step = 0; step < steps; step++) {
      try {
        step();
      } catch (PagerException | SimulatedDisk.Crash e) {
        if (!disk.hasCrashed()) {
          throw e;
        }
        // The change under way may have become durable, and is in memory; reopening changes
        // nothing.
        if (!reopening) {
          possible.add(PagerState.of(pager, subPages));
        }
        return true;
      }
    }
    return disk.hasCrashed();
  }

  /** Ends the threads of a pager whose disk stopped. */
  private void abandon() {
    try {
      pager.close();
    } catch (PagerException | SimulatedDisk.Crash e) {
      assertThat(disk.hasCrashed()).isTrue();
    }
  }

  private void step() throws IOException {
    Durability durability = random.nextInt(3) == 0 ? Durability.SYNC : lazy;
    List<PageId> pages = new ArrayList<>();
    pager.allocated().forEach(pages::add);
    List<ProtectedPage> guarded = new ArrayList<>();
    pager.protectedPages().allocated().forEach(guarded::add);
    List<SubPageId> subs = new ArrayList<>();
    subPages.allocated().forEach(subs::add);
    boolean waited = durability == Durability.SYNC;
    switch (random.nextInt(17)) {
      case 0, 1 -> fill(List.of(pager.alloc(durability)));
      case 2 -> fill(pager.allocBulk(random.nextInt(40), durability));
      case 3 -> {
        waited &= !pages.isEmpty();
        if (!pages.isEmpty()) {
          pager.free(pages.get(random.nextInt(pages.size())), durability);
        }
      }
      case 4 -> pager.freeBulk(some(pages), durability);
      case 5 -> {
        pager.protectedPages().allocBulk(1 + random.nextInt(3));
        waited = false;
      }
      case 6, 7 -> {
        if (!guarded.isEmpty()) {
          try (ProtectedPage.Writer writer = guarded.get(random.nextInt(guarded.size())).writer()) {
            PagerState.stamp(writer.segment(), stamps++);
            if (random.nextInt(4) > 0) {
              writer.commit(durability);
            }
          }
        }
        waited = false;
      }
      case 8 -> {
        pager.protectedPages().freeBulk(some(guarded));
        waited = false;
      }
      case 9 -> fillSubs(subPages.allocBulk(random.nextInt(30), durability));
      case 10 -> subPages.freeBulk(some(subs), durability);
      case 11 -> pager.setRoot(random.nextInt(16), random.nextLong(), durability);
      case 12 -> {
        pager.sync();
        synced.putAll(written);
        syncedSubs.putAll(writtenSubs);
        waited = true;
      }
      case 13 -> {
        pager.compact(new Moves());
        waited = true;
      }
      case 14 -> {
        reopening = true;
        pager.close();
        pager = Pager.open(disk, pageSize, OPTIONS, () -> {});
        subPages = new SubPageAllocator(pager, pageSize / 8);
        reopening = false;
        waited = true;
      }
      case 15 -> {
        pager.shrink();
        waited = true;
      }
      default -> {
        pager.flush();
        waited = true;
      }
    }
    if (waited) {
      durable();
    } else {
      possible.add(PagerState.of(pager, subPages));
    }
  }

  /** Follows a compaction, of which each round commits twice. */
  private final class Moves implements Relocation {
    private final Set<Long> freed = new HashSet<>();

    @Override
    public void moved(PageHandle from, PageHandle to) {
      PagerState both = PagerState.of(pager, subPages);
      possible.add(both);
      freed.add(from.value());
      possible.add(both.without(freed));
      if (from instanceof PageId) {
        issue(to);
        Long stamp = written.get(from.value());
        if (stamp != null) {
          written.put(to.value(), stamp);
          synced.put(to.value(), stamp);
        }
      }
    }
  }

  private void issue(PageHandle handle) {
    assertThat(issued.add(handle)).as("%s was issued before", handle).isTrue();
  }

  private <T> List<T> some(List<T> all) {
    return all.stream().filter(item -> random.nextInt(6) == 0).toList();
  }

  private void fill(List<PageId> pages) {
    for (PageId page : pages) {
      issue(page);
      PagerState.stamp(pager.page(page), stamps);
      written.put(page.value(), stamps++);
    }
  }

  private void fillSubs(List<SubPageId> subs) {
    for (SubPageId sub : subs) {
      issue(sub);
      PagerState.stamp(subPages.page(sub), stamps);
      writtenSubs.put(sub.value(), stamps++);
    }
  }

  /** Opens what the crash left, crashing again a number of times inside that, and compares. */
  void recover(int crashesInside) throws IOException {
    SimulatedDisk left = disk.afterCrash();
    abandon();
    for (int i = 0; i < crashesInside; i++) {
      left.crashAfter(1 + random.nextInt(8));
      try {
        Pager.open(left, pageSize, OPTIONS, () -> {});
      } catch (PagerException | SimulatedDisk.Crash e) {
        if (!left.hasCrashed()) {
          throw e;
        }
      }
      left = left.afterCrash();
    }
    PagerState asRead;
    try (ReadOnlyPager reader = ReadOnlyPager.open(left, pageSize, () -> {})) {
      asRead = PagerState.of(reader);
    }
    pager = Pager.open(left, pageSize, OPTIONS, () -> {});
    subPages = new SubPageAllocator(pager, pageSize / 8);
    PagerState state = PagerState.of(pager, subPages);
    assertThat(asRead).isEqualTo(state.withoutSubPages());
    assertThat(possible.contains(state))
        .as("one of %d states: %s", possible.size(), state)
        .isTrue();
    for (PageId page : pager.allocated()) {
      Long stamp = synced.get(page.value());
      if (stamp != null) {
        assertThat(PagerState.stampOf(pager.page(page))).as("%s", page).isEqualTo(stamp);
      }
    }
    for (SubPageId sub : subPages.allocated()) {
      Long stamp = syncedSubs.get(sub.value());
      if (stamp != null) {
        assertThat(PagerState.stampOf(subPages.page(sub))).as("%s", sub).isEqualTo(stamp);
      }
    }
    assertThat(pager.verify().problems()).isEmpty();
    disk = left;
    reopening = false;
    written.keySet().retainAll(synced.keySet());
    written.putAll(synced);
    writtenSubs.keySet().retainAll(syncedSubs.keySet());
    durable();
  }
}
