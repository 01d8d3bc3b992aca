package dev.pinnedstore.pager;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.os.Disk;
import java.io.IOException;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What a verification waits for, and who waits for it. */
class VerifierTest extends PagerFixture {
  @Override
  PagerOptions options() {
    return PagerOptions.defaults().withSparse(true);
  }

  /** Of two thousand leaves three are there. */
  @Test
  void leavesThatWereNeverWrittenCostNothing() throws IOException {
    pager.reserve(1_000_000);
    pager.allocBulk(1200);
    int[] looks = new int[1];
    Verifier verifier = new Verifier(pager.session().file(), () -> looks[0]++);
    VerifyReport report = verifier.verify();
    assertThat(report.pages()).isEqualTo(1200);
    assertThat(report.problems()).isEmpty();
    assertThat(looks[0]).isBetween(5, 50);
  }

  @Test
  void aCommitThatTakesLongIsWaitedForOnceOnly() throws Exception {
    CountDownLatch syncs = new CountDownLatch(1);
    CountDownLatch synced = new CountDownLatch(1);
    AtomicBoolean slow = new AtomicBoolean();
    Disk disk =
        WatchedDisk.of(
            new SimulatedDisk(new SplittableRandom(1)),
            call -> {
              if (call.equals("sync") && slow.compareAndSet(true, false)) {
                syncs.countDown();
                await(synced);
              }
            });
    Geometry geometry = new Geometry(10, 8192);
    try (Pager other = Pager.create(disk, geometry, PagerOptions.defaults(), () -> {})) {
      other.protectedPages().allocBulk(300);
      new SubPageAllocator(other, 64).allocBulk(100);
      slow.set(true);
      FutureTask<Boolean> commit =
          new FutureTask<>(
              () -> {
                other.setRoot(0, 1);
                return true;
              });
      Thread.ofPlatform().start(commit);
      await(syncs);
      Verifier verifier = new Verifier(other.session().file(), () -> {});
      try {
        CompletableFuture.runAsync(verifier::verifyMaps).orTimeout(20, TimeUnit.SECONDS).join();
      } finally {
        synced.countDown();
      }
      assertThat(commit.get()).isTrue();
      assertThat(other.verify().protectedPages()).isEqualTo(300);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
