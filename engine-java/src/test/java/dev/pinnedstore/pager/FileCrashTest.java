package dev.pinnedstore.pager;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Crashes at every call while a file is made, by create or as a snapshot. */
@Tag("contract")
class FileCrashTest {
  private static final Geometry GEOMETRY = new Geometry(10, JournalLayout.MIN_LOG_BYTES);

  /** The file has no name yet, so all that matters is how it ends. */
  @Test
  void aCrashInACreationIsAnExceptionAndANewFileIsDurable() throws Exception {
    int crashes = 0;
    boolean crashed = true;
    for (int call = 1; crashed; call++) {
      SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(call));
      disk.crashAfter(call);
      try {
        Pager.create(disk, GEOMETRY, PagerOptions.defaults(), () -> {});
        crashed = false;
      } catch (PagerException | SimulatedDisk.Crash e) {
        assertThat(disk.hasCrashed()).isTrue();
        assertThat(disk.arenas()).noneMatch(arena -> arena.scope().isAlive());
        crashes++;
      }
      if (!crashed) {
        SimulatedDisk left = disk.imageOfCrash();
        try (Pager pager = Pager.open(left, 1024, PagerOptions.defaults(), () -> {})) {
          assertThat(pager.pageCount()).isZero();
        }
      }
    }
    assertThat(crashes).isGreaterThan(4);
  }

  /** The target is given its name when the copy returns: it must be whole on the medium then. */
  @Test
  void aCrashInASnapshotLeavesTheSourceAndAFinishedOneIsDurable() throws Exception {
    SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
    try (Pager pager = Pager.create(disk, GEOMETRY, PagerOptions.defaults(), () -> {})) {
      SubPageAllocator subs = new SubPageAllocator(pager, 128);
      pager.freeBulk(pager.allocBulk(100).subList(20, 60));
      subs.allocBulk(30);
      PagerState.stamp(pager.page(first(pager)), 5);
      pager.protectedPages().write(pager.allocProtected(), bytes -> PagerState.stamp(bytes, 7));
      PagerState state = PagerState.of(pager, subs);
      boolean crashed = true;
      int crashes = 0;
      for (int call = 1; crashed; call++) {
        SimulatedDisk target = new SimulatedDisk(new SplittableRandom(call));
        crashed = crashes(pager, target, call);
        crashes++;
        assertThat(PagerState.of(pager, subs)).isEqualTo(state);
        assertThat(pager.session().file().changes().isFrozen()).isFalse();
        if (!crashed) {
          verifyCopy(target.imageOfCrash(), state);
        }
      }
      assertThat(crashes).isGreaterThan(10);
    }
  }

  private static PageId first(Pager pager) {
    return pager.allocated().iterator().next();
  }

  private static boolean crashes(Pager pager, SimulatedDisk target, int call) throws Exception {
    target.crashAfter(call);
    try {
      SnapshotTest.of(pager).copyTo(target);
      return false;
    } catch (PagerException | SimulatedDisk.Crash e) {
      assertThat(target.hasCrashed()).isTrue();
      assertThat(target.arenas()).noneMatch(arena -> arena.scope().isAlive());
      return true;
    }
  }

  private static void verifyCopy(SimulatedDisk left, PagerState state) throws Exception {
    try (Pager copy = Pager.open(left, 1024, PagerOptions.defaults(), () -> {})) {
      assertThat(PagerState.of(copy, new SubPageAllocator(copy, 128))).isEqualTo(state);
      assertThat(PagerState.stampOf(copy.page(first(copy)))).isEqualTo(5);
      assertThat(copy.verify().problems()).isEmpty();
    }
  }
}
