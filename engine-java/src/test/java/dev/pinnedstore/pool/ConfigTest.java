package dev.pinnedstore.pool;

import static dev.pinnedstore.pool.PoolTest.create;
import static dev.pinnedstore.pool.PoolTest.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Presets are what the documentation says, each option does something, and bad ones are refused.
 */
class ConfigTest {
  @TempDir private Path directory;

  @Test
  void presetsAreAsDocumented() {
    BufferPoolConfig config = BufferPoolConfig.defaults();
    assertThat(config.frames()).isEqualTo(10_000);
    assertThat(config.pageSize()).isEqualTo(4096);
    assertThat(config.evictionPolicy().get().name()).isEqualTo("CLOCK");
    assertThat(config.pageTablePartitions()).isEqualTo(16);
    assertThat(config.perCorePools()).isTrue();
    assertThat(config.framesPerCore()).isEqualTo(8);
    assertThat(config.maxFlushBatch()).isEqualTo(32);
    assertThat(config.backgroundFlush()).isTrue();
    assertThat(config.flushInterval()).isEqualTo(Duration.ofSeconds(30));
    assertThat(config.dirtyThreshold()).isEqualTo(0.7);
    assertThat(config.prefetch()).isFalse();
    assertThat(config.prefetchThreads()).isEqualTo(2);
    assertThat(config.prefetchQueue()).isEqualTo(256);
    assertThat(config.dataDirectory()).isEqualTo(Path.of("data"));
    assertThat(config.checksums()).isTrue();
    assertThat(config.doubleWrite()).isTrue();

    BufferPoolConfig oltp = BufferPoolConfig.oltp(77);
    assertThat(oltp).isEqualTo(BufferPool.builder(BufferPoolConfig.oltp()).frames(77).config());
    assertThat(oltp.frames()).isEqualTo(77);
    assertThat(oltp.evictionPolicy().get().name()).isEqualTo("CLOCK");

    BufferPoolConfig olap = BufferPoolConfig.olap(5);
    assertThat(olap.frames()).isEqualTo(5);
    assertThat(olap.evictionPolicy().get().name()).isEqualTo("2Q");
    assertThat(olap.perCorePools()).isFalse();
    assertThat(olap.maxFlushBatch()).isEqualTo(128);
    assertThat(olap.dirtyThreshold()).isEqualTo(0.5);
    assertThat(olap.pageTablePartitions()).isEqualTo(16);
    assertThat(olap.flushInterval()).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void valuesOutOfRangeAreRefusedByName() {
    refused(b -> b.pageSize(1000), "pageSize=1000: must be a power of two between 4096 and");
    refused(b -> b.pageSize(4 << 20), "pageSize=4194304");
    refused(b -> b.frames(0), "frames=0: must be between 1 and 67108864");
    refused(b -> b.pageTablePartitions(0), "pageTablePartitions=0");
    refused(b -> b.framesPerCore(0), "framesPerCore=0");
    refused(b -> b.maxFlushBatch(1025), "maxFlushBatch=1025: must be between 1 and 1024");
    refused(b -> b.flushInterval(Duration.ZERO), "flushInterval=PT0S");
    refused(b -> b.dirtyThreshold(0), "dirtyThreshold=0.0: must be more than 0 and at most 1");
    refused(b -> b.dirtyThreshold(Double.NaN), "dirtyThreshold=NaN");
    refused(b -> b.maxLogAge(0), "maxLogAge=0");
    refused(b -> b.prefetchThreads(65), "prefetchThreads=65");
    refused(b -> b.prefetchQueue(0), "prefetchQueue=0");
    refused(b -> b.readAhead(-1), "readAhead=-1");
    refused(b -> b.pinTimeout(Duration.ofNanos(-1)), "pinTimeout=PT-0.000000001S");
    refused(b -> b.latchTimeout(Duration.ofDays(366)), "latchTimeout=PT8784H");
  }

  @Test
  void nothingIsRefusedByName() {
    missing(b -> b.file(null), "file");
    missing(b -> b.storage(null), "storage");
    missing(b -> b.wal(null), "wal");
    missing(b -> b.evictionPolicy((EvictionPolicy) null), "policy");
    missing(b -> b.evictionPolicy((Supplier<EvictionPolicy>) null), "evictionPolicy");
    missing(b -> b.evictionPolicy(() -> null).build(), "evictionPolicy: the supplier gave none");
    missing(b -> b.flushInterval(null), "flushInterval");
    missing(b -> b.dataDirectory(null), "dataDirectory");
    missing(b -> b.pinTimeout(null), "pinTimeout");
    missing(b -> b.latchTimeout(null), "latchTimeout");
    assertThatThrownBy(() -> BufferPool.builder(null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("config");
  }

  private static void missing(Consumer<BufferPoolBuilder> change, String message) {
    BufferPoolBuilder builder = BufferPool.builder().storage(PageStorage.memory());
    assertThatThrownBy(() -> change.accept(builder))
        .isInstanceOf(NullPointerException.class)
        .hasMessage(message);
  }

  private static void refused(Consumer<BufferPoolBuilder> change, String message) {
    BufferPoolBuilder builder = BufferPool.builder().storage(PageStorage.memory());
    change.accept(builder);
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void aPolicyServesOnePool() {
    BufferPoolBuilder builder =
        BufferPool.builder()
            .file(directory.resolve("pages"))
            .frames(2)
            .evictionPolicy(EvictionPolicy.lru());
    builder.build().close();
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("evictionPolicy=LRU");
  }

  @Test
  void theFileIsInTheDataDirectoryUnlessItIsNamed() {
    Path data = directory.resolve("a").resolve("b");
    for (int round = 0; round < 2; round++) {
      try (BufferPool pool = BufferPool.builder().dataDirectory(data).frames(4).build()) {
        assertThat(pool.pageCount(0)).isEqualTo(round);
        create(pool, 1);
        assertThat(pool.config().dataDirectory()).isEqualTo(data);
      }
    }
    assertThat(data.resolve("pool.pages")).hasSize(2 * 4096);
  }

  @Test
  void aFileThatCannotBeOpenedIsAnException() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    assertThatThrownBy(() -> BufferPool.builder().file(file.resolve("below")).frames(1).build())
        .isInstanceOf(PageIoException.class)
        .hasMessageContaining("cannot open the pool");
  }

  @Test
  void pagesMayBeLarge() {
    Path file = directory.resolve("large");
    for (int round = 0; round < 2; round++) {
      try (BufferPool pool = BufferPool.builder().file(file).pageSize(65536).frames(2).build()) {
        for (int i = 0; i < 5; i++) {
          long id = i;
          if (round == 0) {
            id = create(pool, i);
          }
          assertThat(read(pool, id)).isEqualTo(i);
        }
        try (PageGuard page = pool.pin(0)) {
          assertThat(page.segment().byteSize()).isEqualTo(65536 - 16);
        }
      }
    }
    assertThat(file).hasSize(5 * 65536);
  }

  @Test
  void freeFramesAreKeptByThreadOrNot() {
    for (boolean perCore : new boolean[] {true, false}) {
      try (BufferPool pool =
          PoolTest.small(64)
              .perCorePools(perCore)
              .framesPerCore(4)
              .pageTablePartitions(3)
              .build()) {
        for (int i = 0; i < 200; i++) {
          create(pool, i);
        }
        BufferPoolStats stats = pool.stats();
        assertThat(stats.perCoreAllocations() > 0).isEqualTo(perCore);
        assertThat(stats.perCoreAllocations() + stats.sharedAllocations())
            .isGreaterThanOrEqualTo(200);
        assertThat(stats.freeFrames()).isZero();
        assertThat(stats.newPages()).isEqualTo(200);
        assertThat(stats.evictions()).isEqualTo(136);
        assertThat(stats.averageSearchLength()).isGreaterThanOrEqualTo(1);
      }
    }
  }

  @Test
  void batchesAreAsLargeAsTheyMayBe() {
    CountingStorage storage = new CountingStorage();
    try (BufferPool pool =
        BufferPool.builder().storage(storage).maxFlushBatch(10).backgroundFlush(false).build()) {
      for (int i = 0; i < 25; i++) {
        create(pool, i);
      }
      pool.flushAll();
      assertThat(storage.writes).containsExactly("0+10", "10+10", "20+5");
      assertThat(pool.stats().writeLatency().total()).isEqualTo(3);
      assertThat(pool.stats().writeLatency().percentileMicros(1)).isPositive();
    }
  }
}
