package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** In checked mode a segment dies with the use of its page; otherwise it stays mapped. */
class CheckedModeTest extends PagerFixture {
  @Override
  PagerOptions options() {
    return PagerOptions.defaults().withChecked(true);
  }

  @Test
  void aSegmentKeptBeyondTheFreeThrows() {
    PageId id = pager.alloc();
    MemorySegment kept = pager.page(id);
    kept.set(JAVA_BYTE, 0, (byte) 1);
    pager.free(id);
    assertThatIllegalStateException().isThrownBy(() -> kept.get(JAVA_BYTE, 0));
    PageId next = pager.alloc();
    assertThat(next.number()).isEqualTo(id.number());
    assertThat(get(pager, next)).isEqualTo(1);
    assertThatIllegalStateException().isThrownBy(() -> kept.set(JAVA_BYTE, 0, (byte) 2));
  }

  /** The segment must not be made after the free looked for it: nobody would end it. */
  @Test
  void aSegmentTakenDuringAFreeDiesToo() throws Exception {
    for (int round = 0; round < 2000; round++) {
      PageId id = pager.alloc(Durability.NONE);
      FutureTask<MemorySegment> other = new FutureTask<>(() -> pager.page(id));
      Thread.ofPlatform().start(other);
      pager.free(id, Durability.NONE);
      try {
        MemorySegment kept = other.get();
        assertThat(kept.scope().isAlive()).as("round %d", round).isFalse();
      } catch (ExecutionException e) {
        assertThat(e).hasCauseInstanceOf(InvalidPageException.class);
      }
    }
  }

  @Test
  void aSegmentOfASubPageDiesWithItAndOthersOfThePageDoNot() {
    SubPageAllocator subs = new SubPageAllocator(pager, 128);
    List<SubPageId> ids = subs.allocBulk(3);
    List<MemorySegment> kept = ids.stream().map(subs::page).toList();
    kept.forEach(segment -> segment.fill((byte) 4));
    subs.free(ids.get(0));
    assertThatIllegalStateException().isThrownBy(() -> kept.get(0).get(JAVA_BYTE, 0));
    assertThat(kept.get(1).toArray(JAVA_BYTE)).hasSize(128).containsOnly(4);
    subs.freeBulk(ids.subList(1, 3));
    assertThatIllegalStateException().isThrownBy(() -> kept.get(1).get(JAVA_BYTE, 0));
    assertThatIllegalStateException().isThrownBy(() -> kept.get(2).get(JAVA_BYTE, 0));
  }

  @Test
  void segmentsOfAProtectedPageDieWhenItIsFreedAndWhenTheirBytesAreOverwritten() {
    ProtectedPage page = pager.allocProtected();
    MemorySegment first = page.segment();
    commit(page, 1);
    MemorySegment second = page.segment();
    assertThat(first.get(JAVA_BYTE, 0)).isZero();
    ProtectedPage.Writer writer = page.writer();
    assertThatIllegalStateException().isThrownBy(() -> first.get(JAVA_BYTE, 0));
    MemorySegment copy = writer.segment();
    copy.set(JAVA_BYTE, 0, (byte) 2);
    writer.commit();
    assertThatIllegalStateException().isThrownBy(() -> copy.set(JAVA_BYTE, 0, (byte) 3));
    assertThat(second.get(JAVA_BYTE, 0)).isEqualTo((byte) 1);
    MemorySegment third = page.segment();
    assertThat(third.get(JAVA_BYTE, 0)).isEqualTo((byte) 2);
    ProtectedPage.Writer discarded = page.writer();
    MemorySegment unused = discarded.segment();
    discarded.close();
    assertThatIllegalStateException().isThrownBy(() -> unused.get(JAVA_BYTE, 0));
    pager.freeProtected(page);
    assertThatIllegalStateException().isThrownBy(() -> third.get(JAVA_BYTE, 0));
  }

  /** The end of a use that fails is no end, and can be had later. */
  @Test
  void aPageThatANativeCallUsesIsNotFreed() throws Exception {
    PageId id = pager.alloc();
    MemorySegment kept = pager.page(id);
    try (BlockedCall _ = new BlockedCall(kept)) {
      assertThatIllegalStateException().isThrownBy(() -> pager.free(id));
      assertThat(get(pager, id)).isZero();
    }
    pager.free(id);
    assertThatIllegalStateException().isThrownBy(() -> kept.get(JAVA_BYTE, 0));
  }

  @Test
  void aCloseDuringANativeCallLeavesNothingOpenButThatSegment() throws Exception {
    PageId id = pager.alloc();
    MemorySegment other = pager.page(pager.alloc());
    try (BlockedCall _ = new BlockedCall(pager.page(id))) {
      assertThatIllegalStateException().isThrownBy(() -> pager.close());
      assertThat(other.scope().isAlive()).isFalse();
      if (Files.isDirectory(Path.of("/proc/self/fd"))) {
        assertThat(openFiles()).noneMatch(path::equals);
      }
      // The lock is free, and all is durable.
      Pager.open(path, PAGE).close();
    }
    pager = Pager.open(path, PAGE, options());
    assertThat(list(pager.allocated())).hasSize(2);
  }

  private static List<Path> openFiles() throws IOException {
    List<Path> targets = new ArrayList<>();
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      for (Path file : files.toList()) {
        try {
          targets.add(Files.readSymbolicLink(file));
        } catch (IOException e) {
          // Closed since it was listed, as the listing itself.
        }
      }
    }
    return targets;
  }

  @Test
  void bulkFreeingEndsAllOfThem() {
    List<PageId> ids = pager.allocBulk(20);
    List<MemorySegment> kept = ids.stream().map(pager::page).toList();
    pager.freeBulk(ids);
    for (MemorySegment segment : kept) {
      assertThatIllegalStateException().isThrownBy(() -> segment.get(JAVA_BYTE, 0));
    }
  }

  @Test
  void onePageHasOneSegmentAndKeepsItsBytes() throws Exception {
    PageId id = pager.alloc();
    set(pager, id, 7);
    assertThat(pager.page(id).address()).isEqualTo(pager.page(id).address());
    pager.flush(id);
    reopen();
    assertThat(get(pager, id)).isEqualTo(7);
  }

  @Test
  void otherwiseItStaysMapped() throws Exception {
    pager.close();
    pager = Pager.open(path, PAGE);
    PageId id = pager.alloc();
    MemorySegment kept = pager.page(id);
    pager.free(id);
    kept.set(JAVA_BYTE, 0, (byte) 3);
    assertThat(get(pager, pager.alloc())).isEqualTo(3);
  }
}
