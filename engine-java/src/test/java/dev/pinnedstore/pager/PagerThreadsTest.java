package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many threads on one pager: each page has one owner, whose bytes nobody else changes. */
class PagerThreadsTest extends PagerFixture {
  private static final int THREADS = 4;
  private static final int STEPS = 1500;

  @ParameterizedTest
  @EnumSource
  void eachPageHasOneOwner(Durability durability) throws Exception {
    SubPageAllocator subs = new SubPageAllocator(pager, 128);
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Callable<Set<PageHandle>>> owners = new ArrayList<>();
      for (int t = 0; t < THREADS; t++) {
        long seed = t;
        owners.add(() -> own(subs, durability, seed));
      }
      Set<PageHandle> kept = new HashSet<>();
      for (Future<Set<PageHandle>> owner : threads.invokeAll(owners)) {
        for (PageHandle page : owner.get()) {
          assertThat(kept.add(page)).isTrue();
        }
      }
      Set<PageHandle> found = new HashSet<>(list(pager.allocated()));
      found.addAll(list(subs.allocated()));
      assertThat(found).isEqualTo(kept);
    }
    assertThat(pager.verify().problems()).isEmpty();
    reopen();
    assertThat(pager.verify().problems()).isEmpty();
  }

  /** Between the look at its word and the look at its bytes, a page may be freed and cut off. */
  @Test
  void aPageThatGoesDuringALookIsRefusedByName() throws Exception {
    AtomicLong last = new AtomicLong();
    AtomicBoolean stop = new AtomicBoolean();
    FutureTask<Boolean> looks =
        new FutureTask<>(
            () -> {
              while (!stop.get()) {
                try {
                  PageId id = new PageId(last.get());
                  assertThat(pager.page(id).byteSize()).isEqualTo(PAGE);
                  pager.flush(id);
                } catch (InvalidPageException e) {
                  assertThat(e).hasMessageContaining("page");
                }
              }
              return true;
            });
    Thread.ofPlatform().start(looks);
    try {
      for (int round = 0; round < 300; round++) {
        List<PageId> ids = pager.allocBulk(1000, Durability.NONE);
        last.set(ids.getLast().value());
        pager.freeBulk(ids, Durability.NONE);
        pager.shrink();
      }
    } finally {
      stop.set(true);
    }
    assertThat(looks.get()).isTrue();
  }

  /** A fresh look at a protected page verifies it, and must not take two commits for one. */
  @Test
  void aProtectedPageIsVerifiedBesideItsWriters() throws Exception {
    ProtectedPage page = pager.allocProtected();
    AtomicBoolean stop = new AtomicBoolean();
    FutureTask<Boolean> looks =
        new FutureTask<>(
            () -> {
              while (!stop.get()) {
                pager.protectedPage(page.value());
              }
              return true;
            });
    Thread.ofPlatform().start(looks);
    try {
      for (int round = 0; round < 3000; round++) {
        // The same two contents again and again: words come back while bytes are being written.
        int value = round >> 1 & 1;
        try (ProtectedPage.Writer writer = page.writer()) {
          writer.segment().fill((byte) value);
          writer.commit(Durability.NONE);
        }
      }
    } finally {
      stop.set(true);
    }
    assertThat(looks.get()).isTrue();
  }

  /** Others wait for a part at a time, so that what it sees is of many moments. */
  @Test
  void aVerificationBesideChangesFindsNothing() throws Exception {
    SubPageAllocator subs = new SubPageAllocator(pager, 128);
    pager.protectedPages().allocBulk(500);
    ProtectedPage page = pager.allocProtected();
    AtomicBoolean stop = new AtomicBoolean();
    FutureTask<Boolean> changes =
        new FutureTask<>(
            () -> {
              for (int round = 0; !stop.get(); round++) {
                List<PageId> ids = pager.allocBulk(700, Durability.NONE);
                List<SubPageId> slots = subs.allocBulk(50, Durability.NONE);
                commit(page, round & 127);
                pager.freeBulk(ids, Durability.NONE);
                subs.freeBulk(slots, Durability.NONE);
                pager.protectedPages().free(pager.protectedPages().alloc());
              }
              return true;
            });
    Thread.ofPlatform().start(changes);
    try {
      for (int round = 0; round < 50; round++) {
        assertThat(pager.verify().problems()).isEmpty();
      }
    } finally {
      stop.set(true);
    }
    assertThat(changes.get()).isTrue();
  }

  @Test
  void aSyncBesideShrinksDoesNotFail() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    FutureTask<Boolean> syncs =
        new FutureTask<>(
            () -> {
              while (!stop.get()) {
                pager.sync();
              }
              return true;
            });
    Thread.ofPlatform().start(syncs);
    try {
      for (int round = 0; round < 200; round++) {
        pager.freeBulk(pager.allocBulk(1000, Durability.NONE), Durability.NONE);
        pager.shrink();
      }
    } finally {
      stop.set(true);
    }
    assertThat(syncs.get()).isTrue();
  }

  private Set<PageHandle> own(SubPageAllocator subs, Durability durability, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Set<PageHandle> mine = new HashSet<>();
    List<PageId> pages = new ArrayList<>();
    List<SubPageId> slots = new ArrayList<>();
    for (int step = 0; step < STEPS; step++) {
      if (random.nextInt(5) < 3) {
        PageId page = pager.alloc(durability);
        pager.page(page).set(JAVA_LONG, 0, page.value());
        pages.add(page);
        SubPageId slot = subs.alloc(durability);
        subs.page(slot).set(JAVA_LONG, 0, slot.value());
        slots.add(slot);
      } else if (!pages.isEmpty()) {
        PageId page = pages.remove(random.nextInt(pages.size()));
        assertThat(pager.page(page).get(JAVA_LONG, 0)).isEqualTo(page.value());
        pager.free(page, durability);
        SubPageId slot = slots.remove(random.nextInt(slots.size()));
        assertThat(subs.page(slot).get(JAVA_LONG, 0)).isEqualTo(slot.value());
        subs.free(slot, durability);
      }
    }
    for (PageId page : pages) {
      assertThat(pager.page(page).get(JAVA_LONG, 0)).isEqualTo(page.value());
    }
    mine.addAll(pages);
    mine.addAll(slots);
    return mine;
  }
}
