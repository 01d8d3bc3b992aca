package dev.pinnedstore.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Blocks are kept by size, up to a bound, and never handed out twice. */
class BlockCacheTest {
  private final BlockCache cache = new BlockCache();

  @ParameterizedTest
  @CsvSource({
    "4096, 4096",
    "8192, 8192",
    "12288, 16384",
    "1048576, 1048576",
    "1052672, 2097152",
    "4194304, 4194304",
    "4198400, 4259840",
    "2305843009213693952, 2305843009213693952"
  })
  void aBlockIsAPowerOfTwoUpToTheBoundOfTheCache(long bytes, long block) {
    assertThat(BlockCache.blockBytes(bytes)).isEqualTo(block);
    assertThat(BlockCache.blockBytes(block)).isEqualTo(block);
  }

  @Test
  void aBlockComesBackForItsOwnSizeOnly() {
    assertThat(cache.take(4096)).isEqualTo(BlockCache.NONE);
    assertThat(cache.give(0x10000, 4096)).isTrue();
    assertThat(cache.give(0x20000, 65_536)).isTrue();
    assertThat(cache.take(8192)).isEqualTo(BlockCache.NONE);
    assertThat(cache.take(4096)).isEqualTo(0x10000);
    assertThat(cache.take(4096)).isEqualTo(BlockCache.NONE);
    assertThat(cache.take(65_536)).isEqualTo(0x20000);
  }

  @Test
  void theLastOneGivenIsTheFirstOneTaken() {
    for (long i = 1; i <= 3; i++) {
      assertThat(cache.give(i << 20, 4096)).isTrue();
    }
    assertThat(cache.take(4096)).isEqualTo(3L << 20);
    assertThat(cache.take(4096)).isEqualTo(2L << 20);
  }

  @Test
  void whatIsKeptIsBounded() {
    long kept = 0;
    for (long block = 4096; block <= 16L << 20; block *= 2) {
      for (long i = 1; i <= 10_000; i++) {
        if (cache.give(i * block, block)) {
          assertThat(block).isLessThanOrEqualTo(BlockCache.MAX_BLOCK_BYTES);
          kept += block;
        }
      }
    }
    assertThat(kept)
        .as("no size is crowded out by those before it")
        .isGreaterThanOrEqualTo(BlockCache.DEPOT_BYTES)
        .isLessThanOrEqualTo(BlockCache.DEPOT_BYTES + BlockCache.SHELF_BYTES);
  }

  @Test
  void drainingEmptiesIt() {
    Set<Long> given = new HashSet<>();
    for (long i = 1; i <= 100; i++) {
      given.add(i << 23);
      assertThat(cache.give(i << 23, 4096L << (i % 5))).isTrue();
    }
    Set<Long> drained = new HashSet<>();
    cache.drain((address, block) -> assertThat(drained.add(address)).isTrue());
    assertThat(drained).isEqualTo(given);
    cache.drain((address, block) -> assertThat(address).as("nothing").isNegative());
    assertThat(cache.take(4096)).isEqualTo(BlockCache.NONE);
  }

  @Test
  void threadsNeverHoldTheSameBlock() throws Exception {
    for (long i = 1; i <= 64; i++) {
      assertThat(cache.give(i << 20, 4096)).isTrue();
    }
    Set<Long> inUse = ConcurrentHashMap.newKeySet();
    Set<Long> twice = ConcurrentHashMap.newKeySet();
    Set<Long> lost = ConcurrentHashMap.newKeySet();
    List<Thread> crew = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      crew.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < 50_000; i++) {
                      long address = cache.take(4096);
                      if (address == BlockCache.NONE) {
                        continue;
                      }
                      if (!inUse.add(address)) {
                        twice.add(address);
                      }
                      inUse.remove(address);
                      if (!cache.give(address, 4096)) {
                        lost.add(address);
                      }
                    }
                  }));
    }
    for (Thread thread : crew) {
      thread.join();
    }
    assertThat(twice).isEmpty();
    assertThat(lost).as("the depot has room for what a shelf refuses").isEmpty();
    Set<Long> rest = new HashSet<>();
    cache.drain((address, block) -> assertThat(rest.add(address)).isTrue());
    assertThat(rest).hasSize(64);
  }
}
