package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;

/** A pool on fake memory and fake time, and what its owners do with pages. */
abstract class PagePoolRig {
  static final int PAGE = 4096;
  static final int FIRST_GENERATION = 100;

  final FakeNanos nanos = new FakeNanos(0);
  final FakeSource source = new FakeSource();
  final CountingEvents events = new CountingEvents();
  final PageDirectory directory = new PageDirectory(FIRST_GENERATION, Integer.MAX_VALUE);
  final PageBudget budget = new PageBudget(8, 8 * PAGE);
  final ViewGroups groups = new ViewGroups(4);
  final PagePool pool =
      new PagePool(
          new BackendSettings(PAGE, 8, 8 * PAGE, 0, FIRST_GENERATION),
          new MappedFrames(source),
          new CoarseClock(nanos, 0),
          events,
          directory,
          budget,
          groups);

  @AfterEach
  void allMemoryGoesBack() {
    assertThat(pool.close()).isTrue();
    assertThat(source.open()).isEmpty();
    assertThat(source.outlived()).isEmpty();
  }

  Page begin() {
    long id = pool.acquire(-1);
    assertThat(id).isNotNegative();
    Page page = directory.at((int) id);
    Pages.activate(page, 0);
    pool.settle();
    return page;
  }

  Page beginLarge(long bytes) {
    long id = pool.acquireLarge(bytes);
    assertThat(id).isNotNegative();
    Page page = directory.at((int) id);
    page.activateForOne(0);
    pool.settle();
    return page;
  }

  void end(Page page) {
    assertThat(ReserveLayout.isSealed(page.reserve) ? page.release() : Pages.seal(page)).isTrue();
    pool.emptied(page, nanos.now());
  }

  ViewGroup share(Page page) {
    ViewGroup group = groups.join(nanos.now(), 1);
    assertThat(group).isNotNull();
    MemorySegment segment = PagePool.frame(page).view(PAGE, group.arena);
    assertThat(page.share(page.view, new PageView(segment, group))).isTrue();
    return group;
  }
}
