package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reading beside a writer. */
class ReadOnlyPagerTest extends PagerFixture {
  private ReadOnlyPager reader;

  @BeforeEach
  void openReader() throws IOException {
    reader = ReadOnlyPager.open(path, PAGE);
  }

  @AfterEach
  void closeReader() {
    reader.close();
  }

  @Test
  void itSeesPagesThatWereAllocatedAfterItWasOpened() {
    PageId id = pager.alloc();
    set(pager, id, 5);
    assertThat(reader.page(id).get(JAVA_BYTE, 0)).isEqualTo((byte) 5);
    assertThat(reader.page(id).isReadOnly()).isTrue();
  }

  @Test
  void itSeesGrowthAndCheckpoints() {
    for (int i = 0; i < 5; i++) {
      List<PageId> ids = pager.allocBulk(40_000);
      set(pager, ids.getLast(), i);
      assertThat(reader.pageCount()).isEqualTo(pager.pageCount());
      assertThat(reader.freePageCount()).isEqualTo(pager.freePageCount());
      assertThat(reader.page(ids.getLast()).get(JAVA_BYTE, 0)).isEqualTo((byte) i);
    }
    assertThat(list(reader.allocated())).isEqualTo(list(pager.allocated()));
  }

  @Test
  void whatIsNotCommittedIsNotSeen() {
    PageId id = pager.alloc(Durability.NONE);
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> reader.page(id));
    pager.flush();
    assertThat(reader.page(id).byteSize()).isEqualTo(PAGE);
  }

  @Test
  void freedPagesAreRefusedAfterARefresh() {
    PageId id = pager.alloc();
    assertThat(reader.page(id).byteSize()).isEqualTo(PAGE);
    pager.free(id);
    reader.refresh();
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> reader.page(id));
  }

  @Test
  void protectedPagesAreCopiesOfTheLastCommit() {
    ProtectedPage page = pager.allocProtected();
    for (int i = 1; i < 5; i++) {
      commit(page, i);
      assertThat(reader.protectedPage(page.value()).get(JAVA_BYTE, 0)).isEqualTo((byte) i);
    }
    assertThat(reader.allocatedProtected()).containsExactly(page.value());
    PageId plain = pager.alloc();
    assertThatExceptionOfType(InvalidPageException.class)
        .isThrownBy(() -> reader.protectedPage(plain.value()));
    assertThatExceptionOfType(InvalidPageException.class)
        .isThrownBy(() -> reader.page(new PageId(page.value())));
  }

  /** A look at what is new costs nothing that grows with the log. */
  @Test
  void aLookAtAFileThatDidNotChangeCopiesNoLog() {
    pager.setRoot(1, 1);
    for (int i = 0; i < 100; i++) {
      assertThat(reader.root(1)).isEqualTo(1);
    }
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 100; i++) {
      assertThat(reader.root(1)).isEqualTo(1);
    }
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1 << 20);
  }

  /** Damage stays as it is, so that one more look is enough to know. */
  @Test
  void damageIsToldAfterTwoLooks() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
    Geometry geometry = new Geometry(10, 65536);
    try (Pager made = Pager.create(disk, geometry, PagerOptions.defaults(), () -> {})) {
      ProtectedPage page = made.allocProtected();
      try (ReadOnlyPager other = ReadOnlyPager.open(disk, PAGE, () -> {})) {
        long place = page.segment().address() - disk.bytes().address();
        disk.bytes().set(JAVA_BYTE, place + 5, (byte) 1);
        long before = disk.sizes();
        assertThatExceptionOfType(PagerCorruptException.class)
            .isThrownBy(() -> other.protectedPage(page.value()));
        assertThat(disk.sizes() - before).as("looks").isLessThanOrEqualTo(2);
      }
    }
  }

  @Test
  void iterationGoesOnBesideAWriter() {
    List<PageId> ids = pager.allocBulk(5000);
    Iterator<PageId> iterator = reader.allocated().iterator();
    assertThat(iterator.next()).isEqualTo(ids.getFirst());
    pager.freeBulk(ids.subList(2000, 5000));
    List<PageId> rest = new ArrayList<>();
    iterator.forEachRemaining(rest::add);
    assertThat(rest).startsWith(ids.get(1)).hasSizeLessThan(2600);
    assertThat(list(reader.allocated())).isEqualTo(ids.subList(0, 2000));
  }

  @Test
  void rootsAreSeen() {
    pager.setRoot(2, 22);
    assertThat(reader.root(2)).isEqualTo(22);
  }

  @Test
  void manyReadersAreWelcomeAndOutliveTheWriter() throws IOException {
    PageId id = pager.alloc();
    try (ReadOnlyPager second = ReadOnlyPager.open(path, PAGE)) {
      pager.close();
      assertThat(second.page(id).byteSize()).isEqualTo(PAGE);
      assertThat(reader.page(id).byteSize()).isEqualTo(PAGE);
    }
    pager = Pager.open(path, PAGE);
    PageId more = pager.alloc();
    assertThat(reader.page(more).byteSize()).isEqualTo(PAGE);
  }

  @Test
  void foreignFilesAreRefused() {
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> ReadOnlyPager.open(directory.resolve("none"), PAGE));
    assertThatIllegalArgumentException().isThrownBy(() -> ReadOnlyPager.open(path, 2048));
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> reader.root(16));
  }

  @Test
  void aClosedReaderRefuses() {
    PageId id = pager.alloc();
    reader.close();
    reader.close();
    assertThatIllegalStateException().isThrownBy(() -> reader.page(id));
    assertThatIllegalStateException().isThrownBy(() -> reader.pageCount());
  }

  /** Each commit sets a root, and a protected page to the same number: no reader sees less. */
  @Test
  void aReaderBesideABusyWriterSeesWholeCommits() throws Exception {
    ProtectedPage page = pager.allocProtected();
    AtomicBoolean done = new AtomicBoolean();
    CompletableFuture<Void> writer =
        CompletableFuture.runAsync(
            () -> {
              try {
                for (int i = 1; i <= 200; i++) {
                  int value = i;
                  pager.protectedPages().write(page, bytes -> PagerState.stamp(bytes, value));
                  pager.setRoot(0, i);
                  // Large enough for a checkpoint now and then.
                  pager.freeBulk(pager.allocBulk(3000));
                }
              } finally {
                done.set(true);
              }
            });
    while (!done.get()) {
      long root = reader.root(0);
      long stamp = PagerState.stampOf(reader.protectedPage(page.value()));
      assertThat(stamp).isGreaterThanOrEqualTo(root);
      assertThat(reader.root(0)).isGreaterThanOrEqualTo(stamp - 1);
    }
    writer.get();
    assertThat(reader.root(0)).isEqualTo(200);
  }
}
