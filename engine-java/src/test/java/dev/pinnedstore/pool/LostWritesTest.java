package dev.pinnedstore.pool;

import static dev.pinnedstore.pool.PoolTest.create;
import static dev.pinnedstore.pool.PoolTest.read;
import static dev.pinnedstore.pool.PoolTest.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pinnedstore.buffer.IoSlice;
import dev.pinnedstore.os.AbandonedException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Syncs that fail, and operations that the system may still be at when they have failed. */
class LostWritesTest {
  private static BufferPoolBuilder pool(PageStorage storage, int frames) {
    return BufferPool.builder()
        .storage(storage)
        .frames(frames)
        .backgroundFlush(false)
        .readAhead(0)
        .pinTimeout(Duration.ZERO);
  }

  private static CompletableFuture<Long> abandoned() {
    IOException reason = new IOException("the kernel says no");
    return CompletableFuture.failedFuture(
        new IOException("write", new AbandonedException("the ring failed", reason)));
  }

  @Test
  void whatWasWrittenSinceTheLastGoodSyncStaysWhenASyncFails() {
    CountingStorage storage = new CountingStorage();
    BufferPool pool = pool(storage, 4).storage(new CountingStorage()).build();
    create(pool, 1);
    create(pool, 1);
    create(pool, 1);
    pool.flushAll();
    write(pool, 1, 2);
    storage.failSyncs = true;
    assertThatThrownBy(() -> pool.flush(1))
        .isInstanceOf(PageIoException.class)
        .hasMessageContaining("durable, nor page(s) [1] in it: Input/output error");
    storage.failSyncs = false;
    assertThat(pool.stats().dirtyFrames()).as("it was written").isZero();
    for (int i = 0; i < 50; i++) {
      write(pool, PageIds.of(1, i), i);
    }
    assertThat(read(pool, 1)).as("in its frame still").isEqualTo(2);
    assertThatThrownBy(() -> pool.pin(0)).as("it left").hasMessageContaining("an earlier sync");
    assertThatThrownBy(pool::close)
        .isInstanceOf(PageIoException.class)
        .hasMessageContaining("nor page(s) [1] in it")
        .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessageContaining("refused: [1]"));
  }

  @Test
  void aGoodSyncLetsPagesGo() {
    CountingStorage storage = new CountingStorage();
    BufferPool pool = pool(storage, 2).storage(new CountingStorage()).build();
    for (int round = 0; round < 10; round++) {
      write(pool, 0, round);
      pool.flush(0);
    }
    write(pool, 1, 7);
    storage.failSyncs = true;
    assertThatThrownBy(() -> pool.flush(1)).hasMessageContaining("nor page(s) [1] in it");
    assertThat(read(pool, PageIds.of(1, 0))).as("page 0 left for it").isZero();
    assertThatThrownBy(pool::close).isInstanceOf(PageIoException.class);
  }

  @Test
  void aFileThatWasClosedIsNotTakenForDamaged() {
    AtomicBoolean isClosed = new AtomicBoolean(true);
    CountingStorage storage =
        new CountingStorage() {
          @Override
          public void sync() throws IOException {
            if (isClosed.getAndSet(false)) {
              throw new ClosedChannelException();
            }
            super.sync();
          }
        };
    try (BufferPool pool = pool(storage, 2).build()) {
      create(pool, 1);
      assertThatThrownBy(pool::flushAll).isInstanceOf(PageIoException.class);
      pool.flushAll();
    }
  }

  @Test
  void framesThatTheSystemMayStillFillAreNeverUsedAgain() {
    List<Long> addresses = new ArrayList<>();
    AtomicBoolean abandons = new AtomicBoolean(true);
    CountingStorage storage =
        new CountingStorage() {
          @Override
          public CompletableFuture<Long> readAsync(List<IoSlice> targets, long position) {
            return note(targets, addresses) && abandons.getAndSet(false)
                ? abandoned()
                : super.readAsync(targets, position);
          }
        };
    try (BufferPool pool = pool(storage, 32).build()) {
      for (int i = 0; i < 100; i++) {
        create(pool, i);
      }
      pool.flushAll();
      assertThat(pool.prefetchRange(0, 4).join()).isZero();
      List<Long> given = List.copyOf(addresses);
      assertThat(given).hasSize(4);
      for (int i = 0; i < 100; i += 4) {
        var _ = pool.prefetchRange(i, 4).join();
        assertThat(read(pool, i)).isEqualTo(i);
      }
      assertThat(addresses).hasSizeGreaterThan(50);
      assertThat(addresses.subList(4, addresses.size())).doesNotContainAnyElementsOf(given);
      assertThat(pool.stats().freeFrames()).isLessThanOrEqualTo(28);
    }
  }

  private static boolean note(List<IoSlice> slices, List<Long> addresses) {
    slices.forEach(slice -> addresses.add(slice.memory().address()));
    return true;
  }

  @Test
  void aBufferThatTheSystemMayStillWriteIsNeverUsedAgain() {
    List<Long> addresses = new ArrayList<>();
    CountingStorage bad =
        new CountingStorage() {
          @Override
          public CompletableFuture<Long> writeAsync(List<IoSlice> sources, long position) {
            note(sources, addresses);
            return abandoned();
          }
        };
    CountingStorage good =
        new CountingStorage() {
          @Override
          public CompletableFuture<Long> writeAsync(List<IoSlice> sources, long position) {
            note(sources, addresses);
            return super.writeAsync(sources, position);
          }
        };
    BufferPool pool = pool(bad, 8).storage(good).build();
    write(pool, 1, 1);
    assertThatThrownBy(() -> pool.flush(1)).hasMessageContaining("cannot write page(s) [1]");
    for (int i = 0; i < 4; i++) {
      write(pool, PageIds.of(1, i), i);
      pool.flush(PageIds.of(1, i));
    }
    assertThat(addresses.subList(1, 5)).doesNotContain(addresses.getFirst());
    assertThatThrownBy(() -> pool.flush(1))
        .as("it would be written over")
        .hasMessageContaining("a write was given up");
    assertThat(addresses).hasSize(5);
    assertThatThrownBy(pool::close)
        .isInstanceOf(PageIoException.class)
        .satisfies(e -> assertThat(e.getSuppressed()).isNotEmpty());
  }
}
