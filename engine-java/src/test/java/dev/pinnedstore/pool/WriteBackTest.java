package dev.pinnedstore.pool;

import static dev.pinnedstore.pool.PoolTest.create;
import static dev.pinnedstore.pool.PoolTest.read;
import static dev.pinnedstore.pool.PoolTest.write;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pinnedstore.buffer.IoSlice;
import dev.pinnedstore.pool.SimulatedDisk.Fault;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Write-back: the log first, damage found and repaired, failures told, nothing forgotten. */
class WriteBackTest {
  private static BufferPoolBuilder on(PageStorage storage) {
    return BufferPool.builder()
        .storage(storage)
        .frames(4)
        .backgroundFlush(false)
        .readAhead(0)
        .pinTimeout(Duration.ZERO);
  }

  /** Durable up to where a test says; remembers what it was asked. */
  private static final class Log implements WriteAheadLog {
    final List<String> trace;
    long flushed;
    boolean obeys = true;
    boolean fails;

    Log(List<String> trace) {
      this.trace = trace;
    }

    @Override
    public long flushedLsn() {
      return flushed;
    }

    @Override
    public void flush(long lsn) throws IOException {
      if (fails) {
        throw new IOException("the log is full");
      }
      if (obeys) {
        flushed = Math.max(flushed, lsn);
        trace.add("log " + lsn);
      }
    }
  }

  @Test
  void noPageIsWrittenBeforeItsLog() {
    List<String> trace = new ArrayList<>();
    Log log = new Log(trace);
    CountingStorage storage =
        new CountingStorage() {
          @Override
          public long write(List<IoSlice> sources, long position) throws IOException {
            for (IoSlice source : sources) {
              for (long at = 0; at < source.length(); at += 4096) {
                MemorySegment page = source.segment().asSlice(at, 4096);
                long lsn = PageTrailerLayout.lsn(page);
                assertThat(lsn).isLessThanOrEqualTo(log.flushedLsn());
                trace.add("page " + lsn);
              }
            }
            return super.write(sources, position);
          }
        };
    try (BufferPool pool = on(storage).wal(log).build()) {
      for (int i = 1; i <= 9; i++) {
        create(pool, i);
      }
      pool.flushAll();
      assertThat(trace.getFirst()).startsWith("log");
      assertThat(trace.stream().filter(line -> line.startsWith("page"))).hasSize(9);

      log.obeys = false;
      write(pool, 0, 20);
      write(pool, 1, 10);
      log.flushed = 10;
      assertThatThrownBy(pool::flushAll)
          .isInstanceOf(LogNotDurableException.class)
          .hasMessageContaining("lsn=20, the log is durable up to flushedLsn=10");
      assertThat(trace).as("the other one was written").endsWith("page 10");
      assertThat(pool.stats().dirtyFrames()).isEqualTo(1);
      assertThatThrownBy(pool::checkpoint).isInstanceOf(LogNotDurableException.class);
      log.fails = true;
      assertThatThrownBy(() -> pool.flush(0)).hasRootCauseMessage("the log is full");
      // It stays, and others leave for it.
      for (int i = 2; i < 9; i++) {
        assertThat(read(pool, i)).isEqualTo(i + 1);
      }
      assertThat(read(pool, 0)).isEqualTo(20);
      log.flushed = 20;
      pool.flushAll();
    }
  }

  @Test
  void aCheckpointNamesTheOldestChangeThatIsNotDurable() {
    try (BufferPool pool = on(new CountingStorage()).build()) {
      create(pool, 7);
      assertThat(pool.checkpoint()).isEqualTo(8);
      write(pool, 0, 30);
      write(pool, 1, 31);
      assertThat(pool.checkpoint()).isEqualTo(32);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100, 2048, 4079, 4080, 4087, 4088, 4091, 4092, 4095})
  void everyFlippedBitIsFound(int offset) {
    for (int bit = 0; bit < 8; bit++) {
      SimulatedDisk disk = new SimulatedDisk(1, Fault.NONE);
      try (BufferPool pool = on(disk.storage()).build()) {
        for (int i = 0; i < 6; i++) {
          create(pool, 0x0101_0101L * (i + 1));
        }
      }
      disk.file.flip(2 * 4096 + offset, bit);
      try (BufferPool pool = on(disk.storage()).build()) {
        assertThatThrownBy(() -> pool.pin(2))
            .isInstanceOf(CorruptPageException.class)
            .hasMessageContaining("page 2: checksum=");
        assertThat(read(pool, 1)).isEqualTo(0x0202_0202L);
      }
    }
  }

  @Test
  void aPageInThePlaceOfAnotherIsFound() throws Exception {
    SimulatedDisk disk = new SimulatedDisk(1, Fault.NONE);
    try (BufferPool pool = on(disk.storage()).build()) {
      create(pool, 1);
      create(pool, 2);
    }
    for (int i = 0; i < 8; i++) {
      disk.file.write(8 + i, disk.file.read(i));
    }
    try (BufferPool pool = on(disk.storage()).build()) {
      assertThat(read(pool, 0)).isEqualTo(1);
      assertThatThrownBy(() -> pool.pin(1)).isInstanceOf(CorruptPageException.class);
    }
  }

  @Test
  void theLogRestoresWhatIsDamaged() {
    SimulatedDisk disk = new SimulatedDisk(1, Fault.NONE);
    try (BufferPool pool = on(disk.storage()).build()) {
      create(pool, 5);
    }
    disk.file.flip(9, 1);
    WriteAheadLog log =
        new WriteAheadLog() {
          @Override
          public long flushedLsn() {
            return 5;
          }

          @Override
          public long restore(long pageId, MemorySegment page) {
            page.set(JAVA_LONG, 8, 55);
            return 5;
          }
        };
    try (BufferPool pool = on(disk.storage()).wal(log).build()) {
      assertThat(read(pool, 0)).isEqualTo(55);
      assertThat(pool.stats().restoredPages()).isEqualTo(1);
      assertThat(pool.stats().dirtyFrames()).isEqualTo(1);
    }
    try (BufferPool pool = on(disk.storage()).build()) {
      assertThat(read(pool, 0)).as("written back").isEqualTo(55);
    }
  }

  @Test
  void aFailedSyncEndsTheUseOfTheFile() {
    CountingStorage storage = new CountingStorage();
    BufferPool pool = on(storage).build();
    create(pool, 1);
    storage.failSyncs = true;
    assertThatThrownBy(pool::flushAll).isInstanceOf(PageIoException.class);
    storage.failSyncs = false;
    assertThatThrownBy(pool::flushAll)
        .isInstanceOf(PageIoException.class)
        .hasMessageContaining("an earlier sync of");
    assertThatThrownBy(() -> pool.pin(9)).hasMessageContaining("an earlier sync of");
    assertThat(read(pool, 0)).as("what is in a frame can be read").isEqualTo(1);
    assertThatThrownBy(pool::close).isInstanceOf(PageIoException.class);
    assertThat(storage.syncs.get()).isEqualTo(1);
  }

  @Test
  void closingWritesAllAndSaysWhatItCouldNot() {
    CountingStorage storage = new CountingStorage();
    try (BufferPool pool = on(storage).build()) {
      create(pool, 1);
      create(pool, 2);
    }
    assertThat(storage.writes).containsExactly("0+2");
    assertThat(storage.syncs.get()).isEqualTo(1);
    CountingStorage full = new CountingStorage();
    full.failWrites = true;
    BufferPool pool = on(full).build();
    create(pool, 1);
    assertThatThrownBy(pool::close)
        .isInstanceOf(PageIoException.class)
        .hasMessageContaining("No space left on device");
  }

  @Test
  void theDoubleWriteAreaIsLeftOutWhenNotWanted() {
    SimulatedDisk disk = new SimulatedDisk(3, Fault.NONE);
    try (BufferPool pool = on(disk.storage()).doubleWrite(false).build()) {
      create(pool, 1);
      pool.flushAll();
      assertThat(disk.area.size()).isZero();
    }
    try (BufferPool pool = on(disk.storage()).build()) {
      write(pool, 0, 2);
      pool.flushAll();
      assertThat(disk.area.size()).isEqualTo(2 * 4096);
    }
  }

  @Test
  void withoutChecksumsAPageIsAllData() {
    CountingStorage storage = new CountingStorage();
    try (BufferPool pool = on(storage).checksums(false).build()) {
      try (PageGuard page = pool.newPage()) {
        assertThat(page.segment().byteSize()).isEqualTo(4096);
        page.segment().set(JAVA_LONG, 4088, -1);
        page.markDirty(3);
        assertThat(page.pageLsn()).isEqualTo(3);
      }
      for (int i = 0; i < 5; i++) {
        create(pool, i);
      }
      try (PageGuard page = pool.pin(0)) {
        assertThat(page.segment().get(JAVA_LONG, 4088)).isEqualTo(-1);
      }
    }
  }

  @Test
  void theThreadWritesWhenTooManyFramesAreDirty() {
    try (BufferPool pool =
        BufferPool.builder()
            .storage(new CountingStorage())
            .frames(100)
            .dirtyThreshold(0.5)
            .flushInterval(Duration.ofDays(1))
            .build()) {
      for (int i = 0; i < 60; i++) {
        create(pool, i);
      }
      Awaiting.until(
          () -> pool.stats().backgroundFlushes() > 0 && pool.stats().dirtyFrames() <= 50);
      assertThat(pool.stats().dirtyRatio()).isLessThanOrEqualTo(0.5);
    }
  }

  @Test
  void theThreadWritesWhenTheOldestChangeIsFarBackInTheLog() {
    try (BufferPool pool =
        BufferPool.builder()
            .storage(new CountingStorage())
            .frames(100)
            .flushInterval(Duration.ofDays(1))
            .maxLogAge(1000)
            .build()) {
      create(pool, 1);
      create(pool, 5000);
      Awaiting.until(() -> pool.stats().pageWrites() >= 1);
    }
  }

  @Test
  void theThreadKeepsAReserveOfFreeFrames() {
    try (BufferPool pool =
        BufferPool.builder().storage(new CountingStorage()).frames(1280).build()) {
      for (int i = 0; i < 3000; i++) {
        create(pool, i);
      }
      Awaiting.until(() -> pool.stats().freeFrames() >= 5);
      for (int i = 0; i < 3000; i++) {
        assertThat(read(pool, i)).isEqualTo(i);
      }
    }
  }
}
