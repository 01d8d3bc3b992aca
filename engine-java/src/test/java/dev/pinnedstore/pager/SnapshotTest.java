package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.pinnedstore.os.FileDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A snapshot has the protected pages of one moment, though they are written meanwhile. */
class SnapshotTest extends PagerFixture {
  private ProtectedPage page;
  private Snapshot snapshot;
  private PagerFile target;

  @BeforeEach
  void begin() throws IOException {
    page = pager.allocProtected();
    commit(page, 1);
    snapshot = of(pager);
    FileDisk disk = FileDisk.create(directory.resolve("target"));
    target = Creation.createFor(pager.session().file(), disk, false);
    snapshot.begin(target);
  }

  static Snapshot of(Pager pager) {
    return new Snapshot(pager.session(), ((ProtectedPages) pager.protectedPages()).writers());
  }

  @AfterEach
  void closeTarget() {
    if (target.extents().header().scope().isAlive()) {
      target.close();
    }
  }

  private int copied() {
    long word = target.table().get(page.number());
    long place = target.table().activePlace(page.number(), word);
    return target.extents().page(place).get(JAVA_BYTE, 0);
  }

  @Test
  void aPageThatIsWrittenMeanwhileHasItsBytesOfTheBeginning() {
    for (int value = 2; value < 6; value++) {
      commit(page, value);
    }
    snapshot.copyPages(target);
    assertThat(copied()).isEqualTo(1);
    commit(page, 6);
    commit(page, 7);
    snapshot.end();
    commit(page, 8);
    commit(page, 9);
    assertThat(copied()).isEqualTo(1);
    assertThat(get(page)).isEqualTo(9);
  }

  @Test
  void aPageThatIsFreedMeanwhileIsInItAndItsPlacesAreNotUsed() {
    pager.freeProtected(page);
    ProtectedPage next = pager.allocProtected();
    assertThat(next.number()).isNotEqualTo(page.number());
    commit(next, 2);
    commit(next, 3);
    snapshot.copyPages(target);
    snapshot.end();
    assertThat(copied()).isEqualTo(1);
  }

  @Test
  void aWriterThatCannotCopyGoesOnAndTheSnapshotFails() {
    target.close();
    commit(page, 2);
    commit(page, 3);
    assertThat(get(page)).isEqualTo(3);
    assertThatExceptionOfType(PagerIoException.class)
        .isThrownBy(() -> snapshot.copyPages(target))
        .withMessageContaining("a page cannot be copied");
    snapshot.end();
  }

  @Test
  void aSnapshotBesideWritersIsOfOneMoment() throws Exception {
    snapshot.copyPages(target);
    snapshot.end();
    ProtectedPage second = pager.allocProtected();
    commit(second, 1);
    AtomicBoolean stop = new AtomicBoolean();
    FutureTask<Integer> writes =
        new FutureTask<>(
            () -> {
              int value = 1;
              while (!stop.get()) {
                value = value % 100 + 1;
                commit(page, value);
                commit(second, value);
              }
              return value;
            });
    Thread.ofPlatform().start(writes);
    try {
      for (int round = 0; round < 20; round++) {
        Path copy = directory.resolve("copy" + round);
        pager.snapshot(copy);
        try (Pager other = Pager.open(copy, PAGE)) {
          int first = get(other.protectedPage(page.value()));
          assertThat(get(other.protectedPage(second.value()))).isIn(first, (first + 98) % 100 + 1);
          assertThat(other.verify().problems()).isEmpty();
        }
      }
    } finally {
      stop.set(true);
    }
    assertThat(writes.get()).isPositive();
  }

  /** Writers look at the words of the copy while its maker does: of other leaves, all the time. */
  @Test
  void aSnapshotOfManyLeavesBesideWritersHasEveryPage() throws Exception {
    snapshot.copyPages(target);
    snapshot.end();
    List<PageId> ids = pager.allocBulk(20_000, Durability.NONE);
    ids.forEach(id -> pager.page(id).set(JAVA_LONG, 0, id.value()));
    List<ProtectedPage> guarded = pager.protectedPages().allocBulk(2000, Durability.NONE);
    AtomicBoolean stop = new AtomicBoolean();
    FutureTask<Integer> writes =
        new FutureTask<>(
            () -> {
              int commits = 0;
              for (; !stop.get(); commits++) {
                // Twice in a row: the second commit takes the place that is to be copied.
                try (ProtectedPage.Writer writer = guarded.get(commits / 2 * 7 % 2000).writer()) {
                  writer.segment().set(JAVA_LONG, 0, commits);
                  writer.commit(Durability.NONE);
                }
              }
              return commits;
            });
    Thread.ofPlatform().start(writes);
    try {
      for (int round = 0; round < 5; round++) {
        Path copy = directory.resolve("copy" + round);
        pager.snapshot(copy);
        try (Pager other = Pager.open(copy, PAGE)) {
          assertThat(other.verify().problems()).isEmpty();
          assertThat(ids).allMatch(id -> other.page(id).get(JAVA_LONG, 0) == id.value());
        }
        Files.delete(copy);
      }
    } finally {
      stop.set(true);
    }
    assertThat(writes.get()).isPositive();
  }
}
