package dev.pinnedstore.backend.shared;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.backend.Codes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Every operation has a cell of its own for all stores to see, whichever way it got it. */
class CellsTest {
  private static final int CHUNK = 7;

  private final MemorySegment file = Arena.ofAuto().allocate(PeersLayout.BYTES, 4096);
  private final Cells cells = slot(3);
  private final Cells other = slot(5);

  private Cells slot(int slot) {
    Peers.take(file, slot, 1);
    return new Cells(Path.of("lock"), file, slot);
  }

  @Test
  void whatACellSaysIsSeenByAllUntilItIsLeft() {
    Cell cell = cells.enter(CHUNK);
    assertThat(other.isEntered(CHUNK)).isTrue();
    assertThat(other.isEntered(CHUNK + 1)).isFalse();
    assertThat(cells.isIdle()).isFalse();

    Cells.hold(cell, CHUNK, 100, 10);
    assertThat(other.isReserved(CHUNK, 109, 1)).isTrue();
    assertThat(other.isReserved(CHUNK, 110, 1)).isFalse();
    assertThat(other.isReserved(CHUNK, 90, 10)).isFalse();
    assertThat(cells.holder(Codes.place(CHUNK, 100))).isSameAs(cell);
    assertThat(cells.holder(Codes.place(CHUNK, 101))).isNull();

    cell.leave();
    assertThat(other.isEntered(CHUNK)).isFalse();
    assertThat(other.isReserved(CHUNK, 100, 10)).isFalse();
    assertThat(cells.holder(Codes.place(CHUNK, 100))).isNull();
    assertThat(cells.isIdle()).isTrue();
  }

  @Test
  void whoReadsReservesNothing() {
    Cell cell = cells.enterToRead(CHUNK);
    assertThat(other.isEntered(CHUNK)).isTrue();
    assertThat(other.isReserved(CHUNK, 0, 1000)).isFalse();
    cell.leave();
    assertThat(other.isEntered(CHUNK)).isFalse();
  }

  @Test
  void aThreadMayHaveSeveralAtATime() {
    List<Cell> taken = new ArrayList<>();
    for (int i = 0; i < PeersLayout.CELLS / 2; i++) {
      Cell cell = cells.enter(i);
      assertThat(taken).doesNotContain(cell);
      taken.add(cell);
    }
    for (int i = 0; i < taken.size(); i++) {
      assertThat(other.isEntered(i)).isTrue();
      taken.get(i).leave();
      assertThat(other.isEntered(i)).isFalse();
    }
    assertThat(cells.isIdle()).isTrue();
  }

  @Test
  void nobodyFindsTheCellThatAnotherThreadOwns() throws Exception {
    Cell cell = cells.enter(CHUNK);
    Cells.hold(cell, CHUNK, 64, 64);
    assertThat(taken()).allMatch(CellsTest::isOwned);
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Future<Cell> found = thread.submit(() -> cells.holder(Codes.place(CHUNK, 64)));
      assertThat(found.get()).isNull();
    }
    assertThat(cells.holder(Codes.place(CHUNK, 64))).isSameAs(cell);
    cell.leave();
  }

  @Test
  void theCellOfAThreadThatEndedPassesToAnother() throws Exception {
    Set<Integer> seen = ConcurrentHashMap.newKeySet();
    for (int i = 0; i < 200; i++) {
      Thread thread =
          Thread.ofPlatform()
              .start(
                  () -> {
                    Cell cell = cells.enter(CHUNK);
                    seen.addAll(taken());
                    cell.leave();
                  });
      thread.join();
    }
    assertThat(seen).as("not one of those that all threads share").allMatch(CellsTest::isOwned);
    assertThat(cells.isIdle()).isTrue();
  }

  @Test
  void aThreadKeepsItsCellFromAnotherThatWouldHaveTheSame() throws Exception {
    Cell own = cells.enter(CHUNK);
    own.leave();
    List<Integer> seen = new ArrayList<>();
    Runnable late =
        () -> {
          Cell cell = cells.enter(CHUNK);
          seen.addAll(taken());
          cell.leave();
        };
    Thread other;
    do {
      other = Thread.ofPlatform().unstarted(late);
    } while ((other.threadId() - Thread.currentThread().threadId()) % 16 != 0);
    other.start();
    other.join();
    assertThat(seen).hasSize(1).noneMatch(CellsTest::isOwned);
  }

  /** The numbers of the cells that say something. */
  private List<Integer> taken() {
    return IntStream.range(0, PeersLayout.CELLS)
        .filter(k -> cells.named(3, k) != 0)
        .boxed()
        .toList();
  }

  /** One of those that each thread has for itself: the first, and every second one. */
  private static boolean isOwned(int cell) {
    return cell == 0 || cell % 2 == 1;
  }

  @Test
  void noTwoThreadsEverHaveTheSame() throws Exception {
    int threads = 2 * PeersLayout.CELLS;
    AtomicLongArray holders = new AtomicLongArray(PeersLayout.CELLS);
    ConcurrentHashMap<Cell, Integer> numbers = new ConcurrentHashMap<>();
    AtomicInteger next = new AtomicInteger();
    CountDownLatch start = new CountDownLatch(1);
    List<Future<?>> all = new ArrayList<>();
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int t = 0; t < threads; t++) {
        all.add(
            pool.submit(
                () -> {
                  start.await();
                  for (int i = 0; i < 2_000; i++) {
                    Cell cell = i % 3 == 0 ? cells.enterToRead(CHUNK) : cells.enter(CHUNK);
                    int number = numbers.computeIfAbsent(cell, _ -> next.getAndIncrement());
                    assertThat(holders.incrementAndGet(number)).isEqualTo(1);
                    if (i % 16 == 0) {
                      Thread.yield();
                    }
                    assertThat(holders.decrementAndGet(number)).isZero();
                    cell.leave();
                  }
                  return null;
                }));
      }
      start.countDown();
      for (Future<?> each : all) {
        each.get();
      }
    }
    assertThat(numbers.size()).isLessThanOrEqualTo(PeersLayout.CELLS);
    assertThat(cells.isIdle()).isTrue();
  }
}
