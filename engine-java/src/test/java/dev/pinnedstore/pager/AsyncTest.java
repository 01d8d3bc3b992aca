package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Calls that wait for nothing: what they change is durable when they complete. */
@Tag("contract")
class AsyncTest {
  private static final Geometry GEOMETRY = new Geometry(10, 65536);
  private static final PagerOptions LAZY = PagerOptions.defaults().withDurability(Durability.NONE);

  private final SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
  private Pager pager;
  private SubPageAllocator subPages;

  @BeforeEach
  void create() throws IOException {
    pager = Pager.create(disk, GEOMETRY, LAZY, () -> {});
    subPages = new SubPageAllocator(pager, 128);
  }

  @AfterEach
  void close() {
    pager.close();
  }

  private Pager afterCrash() throws IOException {
    return Pager.open(disk.imageOfCrash(), 1024, LAZY, () -> {});
  }

  private <H extends PageHandle> List<H> allocAndFree(DurablePageAllocator<H> pages)
      throws Exception {
    H one = pages.allocAsync().get();
    List<H> more = pages.allocBulkAsync(4).get();
    pages.freeAsync(one).get();
    pages.freeBulkAsync(more.subList(0, 2)).get();
    return more.subList(2, 4);
  }

  @Test
  void everyKindOfPageIsDurableWhenItsFutureCompletes() throws Exception {
    List<PageId> pages = allocAndFree(pager);
    List<ProtectedPage> guarded = allocAndFree(pager.protectedPages());
    List<SubPageId> subs = allocAndFree(subPages);
    pager.setRoot(3, 1, Durability.NONE);
    pager.setRootAsync(2, 22).get();
    try (Pager left = afterCrash()) {
      assertThat(PagerFixture.list(left.allocated())).isEqualTo(pages);
      assertThat(PagerFixture.list(left.protectedPages().allocated()))
          .extracting(ProtectedPage::value)
          .isEqualTo(guarded.stream().map(ProtectedPage::value).toList());
      assertThat(PagerFixture.list(new SubPageAllocator(left, 128).allocated())).isEqualTo(subs);
      assertThat(left.root(2)).isEqualTo(22);
    }
  }

  @Test
  void everyKindOfPageHasADurabilityForEachCall() throws Exception {
    List<DurablePageAllocator<? extends PageHandle>> kinds =
        List.of(pager, pager.protectedPages(), subPages);
    for (DurablePageAllocator<? extends PageHandle> kind : kinds) {
      allocAndFreeDurably(kind);
    }
    try (Pager left = afterCrash()) {
      assertThat(PagerFixture.list(left.allocated())).hasSize(2);
      assertThat(PagerFixture.list(left.protectedPages().allocated())).hasSize(2);
      assertThat(new SubPageAllocator(left, 128).allocatedCount()).isEqualTo(2);
    }
  }

  private <H extends PageHandle> void allocAndFreeDurably(DurablePageAllocator<H> pages) {
    long before = disk.syncs();
    H lazy = pages.alloc(Durability.NONE);
    pages.freeBulk(pages.allocBulk(2, Durability.NONE), Durability.NONE);
    pages.free(lazy, Durability.NONE);
    long after = disk.syncs();
    pages.alloc(Durability.SYNC);
    assertThat(disk.syncs()).isGreaterThan(after);
    assertThat(after).as("but for the mark and growth").isLessThanOrEqualTo(before + 4);
    pages.allocBulk(2, Durability.SYNC);
    pages.free(pages.alloc(Durability.SYNC), Durability.SYNC);
    pages.freeBulk(List.of(pages.allocated().iterator().next()), Durability.SYNC);
  }

  @Test
  void aCommitOfAProtectedPageIsDurableWhenItsFutureCompletes() throws Exception {
    ProtectedPage page = pager.allocProtected();
    ProtectedPage.Writer writer = page.writer();
    writer.segment().fill((byte) 6);
    CompletableFuture<Void> commit = writer.commitAsync();
    assertThatIllegalStateException().isThrownBy(writer::segment);
    assertThatIllegalStateException().isThrownBy(writer::commitAsync);
    writer.close();
    commit.get();
    assertThat(page.segment().get(JAVA_BYTE, 0)).isEqualTo((byte) 6);
    try (Pager left = afterCrash()) {
      assertThat(left.protectedPage(page.value()).segment().get(JAVA_BYTE, 0)).isEqualTo((byte) 6);
    }
    PagerFixture.commit(page, 7);
  }

  @Test
  void failuresOfEveryKindComeThroughTheFuture() {
    assertFails(pager, new PageId(1));
    assertFails(subPages, new SubPageId(1));
    ProtectedPage freed = pager.allocProtected();
    pager.freeProtected(freed);
    assertFails(pager.protectedPages(), freed);
  }

  private static <H extends PageHandle> void assertFails(DurablePageAllocator<H> pages, H bad) {
    assertThatExceptionOfType(ExecutionException.class)
        .isThrownBy(() -> pages.freeAsync(bad).get())
        .withCauseInstanceOf(InvalidPageException.class);
    assertThatExceptionOfType(ExecutionException.class)
        .isThrownBy(() -> pages.freeBulkAsync(List.of(bad)).get())
        .withCauseInstanceOf(InvalidPageException.class);
    assertThatExceptionOfType(ExecutionException.class)
        .isThrownBy(() -> pages.allocBulkAsync(-1).get())
        .withCauseInstanceOf(IllegalArgumentException.class);
  }

  /** One that was cancelled, whose page cannot be taken back, in a batch with one that was not. */
  @Test
  void whatCannotBeUndoneDoesNotFailTheOthersOfItsBatch() throws Exception {
    CommitThread thread = new CommitThread(pager.session().file(), Duration.ofMillis(1));
    CountDownLatch submitted = new CountDownLatch(1);
    thread.submit(() -> await(submitted), done -> {});
    List<CompletableFuture<PageId>> cancelled = new ArrayList<>();
    CountDownLatch known = new CountDownLatch(1);
    cancelled.add(
        thread.submit(
            () -> {
              await(known);
              cancelled.getFirst().cancel(false);
              return pager.alloc();
            },
            id -> {
              throw new InvalidPageException("meant to be logged: freed by somebody else");
            }));
    CompletableFuture<PageId> other = thread.submit(() -> pager.alloc(), pager::free);
    known.countDown();
    submitted.countDown();
    assertThat(other.get()).isIn(PagerFixture.list(pager.allocated()));
    assertThat(thread.submit(() -> 5, five -> {}).get()).as("the thread lives").isEqualTo(5);
    thread.close();
  }

  private static boolean await(CountDownLatch latch) {
    try {
      latch.await();
      return true;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whatDependsOnAFutureMayUseThePager() throws Exception {
    CompletableFuture<PageId> second =
        pager.allocAsync().thenApply(first -> pager.alloc(Durability.SYNC));
    assertThat(pager.page(second.get()).byteSize()).isEqualTo(1024);
  }
}
