package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pinnedstore.store.StoreFullException.Limit;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Random operations on a store and on {@link StoreModel}; the seed is part of every failure. */
class StoreModelTest {
  private static final int STEPS = 1000;
  private static final int SEEDS = 3;

  private final ManualTicker clock = new ManualTicker();

  @ParameterizedTest
  @CsvSource({
    "SEGMENTED,  4096,  1, 64, PT0S",
    "SEGMENTED,  4096,  2,  6, PT0S",
    "SEGMENTED,  4096,  6, 64, PT0.02S",
    "SEGMENTED,  4096, 99,  7, PT0S",
    "SEGMENTED,  4096, 99, 12, PT0.1S",
    "SEGMENTED, 65536,  3, 12, PT0S",
    "SEGMENTED, 65536,  8, 12, PT0.05S",
    "SEGMENTED_DENIED,  4096,  2,  6, PT0.02S",
    "SEGMENTED_DENIED,  4096, 99,  7, PT0S",
    "SEGMENTED_DENIED, 65536,  3, 12, PT0.05S",
    "VIRTUAL,  4096,  1, 64, PT0S",
    "VIRTUAL,  4096,  4, 64, PT0S",
    "VIRTUAL,  4096,  9, 64, PT0.02S",
    "VIRTUAL,  4096, 99,  7, PT0S",
    "VIRTUAL,  4096, 99, 12, PT0.1S",
    "VIRTUAL, 65536,  5, 12, PT0S",
    "VIRTUAL, 65536,  8, 12, PT0.05S",
  })
  void aStoreBehavesAsItsModel(
      StoreKind kind, int pageSize, int maxPages, int maxBytesInPages, Duration ttl) {
    assumeTrue(kind.isAllowed(), "virtual memory needs native access");
    StoreConfig.Builder config =
        kind.config()
            .pageSize(pageSize)
            .maxPages(maxPages)
            .maxBytes((long) pageSize * maxBytesInPages)
            .decayTimeout(Duration.ofMillis(50))
            .clock(clock);
    StoreConfig built = (ttl.isZero() ? config : config.ttl(ttl)).build();
    for (long seed = 1; seed <= SEEDS; seed++) {
      try (PinnedStore store = kind.open(built)) {
        store.maintain();
        run(store, new SplittableRandom(seed));
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed=" + seed + ": " + e.getMessage(), e);
      }
    }
  }

  private void run(PinnedStore store, SplittableRandom random) {
    StoreModel model = new StoreModel(store, clock, random);
    for (int step = 1; step <= STEPS; step++) {
      try {
        step(store, model, random);
        model.check(step % 100 == 0);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("step=" + step + ": " + e.getMessage(), e);
      }
    }
    model.end();
  }

  private void step(PinnedStore store, StoreModel model, SplittableRandom random) {
    long pageSize = store.config().pageSize();
    switch (random.nextInt(16)) {
      case 0, 1, 2, 3 -> model.append(1 + random.nextInt(300));
      case 4 -> model.append(1 + random.nextLong(pageSize));
      case 5 -> model.append(pageSize - 1 + random.nextInt(3));
      case 6 -> model.append(1 + random.nextLong(4 * pageSize));
      case 7 -> model.reserve(1 + random.nextLong(pageSize + 100));
      case 8 -> model.endReservation(random.nextInt(3) > 0);
      case 9 -> model.throwingWriter(1 + random.nextLong(pageSize));
      case 10, 11, 12 -> model.acknowledge(1 + random.nextInt(4));
      case 13 -> model.acknowledge(random.nextInt(10) == 0 ? Integer.MAX_VALUE : 8);
      case 14 -> clock.advance(Duration.ofMillis(random.nextInt(12)));
      default -> model.maintain();
    }
  }

  /** The model itself must be able to see a fault: here a limit that is not the store's. */
  @ParameterizedTest
  @CsvSource({"1", "2"})
  void theModelRefusesAStoreThatIsFullTooEarly(int pages) {
    StoreConfig config = StoreConfig.builder().pageSize(4096).maxPages(pages).clock(clock).build();
    try (PinnedStore store = PinnedStore.open(config)) {
      StoreModel model = new StoreModel(store, clock, new SplittableRandom(1));
      for (int i = 0; i < pages; i++) {
        model.append(4096);
      }
      assertThat(model.mayRefuse(1, Limit.MAX_PAGES)).isTrue();
      model.acknowledge(1);
      assertThat(model.mayRefuse(1, Limit.MAX_PAGES)).isFalse();
      assertThat(model.mayRefuse(1, Limit.MAX_BYTES)).isFalse();
    }
  }
}
