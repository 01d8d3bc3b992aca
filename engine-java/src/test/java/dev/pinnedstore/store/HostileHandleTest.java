package dev.pinnedstore.store;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.os.NativeTier;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Forged handles: a refusal, or the very bytes that they name; never another blob's. */
class HostileHandleTest {
  private static final int PAGE = StoreFixture.PAGE;

  /** What no forgery may change: page, offset, size and generation lead to one blob at most. */
  private record Place(int pageId, int offset, int size, int generation) {
    static Place of(BlobHandle handle) {
      return new Place(handle.pageId(), handle.offset(), handle.size(), handle.generation());
    }
  }

  /** A store with pages in every state, and what each of its live handles leads to. */
  private static final class Target implements AutoCloseable {
    final ManualTicker clock = new ManualTicker();
    final PinnedStore store;
    final Map<Place, Long> live = new HashMap<>();
    final List<BlobHandle> issued = new ArrayList<>();

    Target(NativeTier tier, boolean ttl) {
      StoreConfig.Builder config =
          StoreConfig.builder().pageSize(PAGE).decayTimeout(Duration.ofSeconds(1)).clock(clock);
      store = PinnedStore.open((ttl ? config.ttl(Duration.ofHours(1)) : config).build(), tier);
      store.maintain();
      long number = 0;
      for (int size : new int[] {1, 64, 65, 1000, PAGE, PAGE + 1, 3 * PAGE, 640, 64, 64, 64}) {
        for (int i = 0; i < 6; i++) {
          append(number++, size);
        }
      }
      // Some gone for good, some written again, some acknowledged beside live ones.
      for (int i = 0; i < issued.size(); i++) {
        if (i % 12 >= 6 || i % 5 == 0) {
          acknowledge(issued.get(i));
        }
      }
      store.maintain();
      clock.advance(Duration.ofSeconds(1));
      store.maintain();
      for (int i = 0; i < 40; i++) {
        append(number++, 64);
        acknowledge(issued.get(i));
        store.maintain();
      }
    }

    private void append(long number, int size) {
      BlobHandle handle = store.append(Blobs.of(number, size));
      issued.add(handle);
      live.put(Place.of(handle), number);
    }

    private void acknowledge(BlobHandle handle) {
      if (store.acknowledge(handle)) {
        live.remove(Place.of(handle));
      }
    }

    /** Shows one forgery to the store in every way; fails when it gets at what is not its own. */
    void attack(BlobHandle forged) {
      Long own = live.get(Place.of(forged));
      byte[] expected = own == null ? new byte[0] : Blobs.of(own, forged.sizeBytes());
      byte[] viewed = view(forged);
      if (viewed != null) {
        assertThat(viewed).as("view of %s", forged).isEqualTo(expected);
      }
      byte[] copied = resolve(forged);
      if (copied != null) {
        assertThat(copied).as("copy of %s", forged).isEqualTo(expected);
      }
      if (acknowledgeForged(forged)) {
        assertThat(live.remove(Place.of(forged))).as("acknowledged %s", forged).isNotNull();
      }
    }

    private byte[] view(BlobHandle forged) {
      try {
        return store.view(forged).toArray(JAVA_BYTE);
      } catch (InvalidHandleException | StaleHandleException e) {
        return null;
      } catch (IllegalStateException e) {
        throw new AssertionError("a dead view was handed out for " + forged, e);
      }
    }

    private byte[] resolve(BlobHandle forged) {
      try {
        return store.resolve(forged);
      } catch (InvalidHandleException e) {
        return null;
      }
    }

    private boolean acknowledgeForged(BlobHandle forged) {
      try {
        return store.acknowledge(MemorySegment.ofArray(forged.toBytes()), 0);
      } catch (InvalidHandleException e) {
        return false;
      }
    }

    /** Every blob that was neither acknowledged nor attacked with its own handle is unharmed. */
    void assertUnharmed() {
      assertThat(store.stats().liveBlobs()).isEqualTo(live.size());
      for (BlobHandle handle : issued) {
        Long number = live.get(Place.of(handle));
        if (number != null) {
          Blobs.assertLive(store, handle, number);
        }
      }
    }

    @Override
    public void close() {
      store.close();
    }
  }

  /** All handles that differ from a given one in one field, by a value that is likely to hurt. */
  private static List<BlobHandle> neighbours(BlobHandle h) {
    List<BlobHandle> forged = new ArrayList<>();
    int[] steps = {1, -1, 8, 63, 64, -64, 128, PAGE, -PAGE, 2 * PAGE, 1024, -1024, 1 << 20};
    int[] values = {
      0, -1, 1, 7, 64, PAGE, PAGE + 8, PAGE + 64, 3 * PAGE, 1 << 31, Integer.MAX_VALUE
    };
    for (int i = 0; i < steps.length + values.length; i++) {
      int step = i < steps.length ? steps[i] : 0;
      int[] field = {h.pageId() + step, h.offset() + step, h.size() + step, h.generation() + step};
      if (step == 0) {
        Arrays.fill(field, values[i - steps.length]);
      }
      forged.add(
          new BlobHandle(field[0], h.offset(), h.size(), h.generation(), h.timestampMillis()));
      forged.add(
          new BlobHandle(h.pageId(), field[1], h.size(), h.generation(), h.timestampMillis()));
      forged.add(
          new BlobHandle(h.pageId(), h.offset(), field[2], h.generation(), h.timestampMillis()));
      forged.add(new BlobHandle(h.pageId(), h.offset(), h.size(), field[3], h.timestampMillis()));
    }
    return forged;
  }

  @ParameterizedTest
  @CsvSource({"GRANTED,false", "GRANTED,true", "DENIED,false", "DENIED,true"})
  void noSingleFieldLeadsToOtherBytes(NativeTier tier, boolean ttl) {
    try (Target target = new Target(tier, ttl)) {
      for (BlobHandle handle : target.issued) {
        for (BlobHandle forged : neighbours(handle)) {
          // One that names another live blob by chance would be that blob's own handle.
          if (!target.live.containsKey(Place.of(forged))) {
            target.attack(forged);
          }
        }
      }
      target.assertUnharmed();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void mixedAndRandomFieldsLeadNowhere(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    try (Target target = new Target(NativeTier.current(), seed % 2 == 0)) {
      for (int round = 0; round < 10_000; round++) {
        BlobHandle a = target.issued.get(random.nextInt(target.issued.size()));
        BlobHandle b = target.issued.get(random.nextInt(target.issued.size()));
        target.attack(
            new BlobHandle(
                random.nextInt(8) == 0 ? random.nextInt() : a.pageId(),
                random.nextBoolean() ? random.nextInt(2 * PAGE) : b.offset(),
                random.nextBoolean() ? random.nextInt() : b.size(),
                a.generation() + random.nextInt(-3, 3),
                b.timestampMillis()));
      }
      target.assertUnharmed();
    } catch (AssertionError e) {
      throw new AssertionError("seed=" + seed, e);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void mutatedBytesLeadNowhere(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    try (Target target = new Target(NativeTier.current(), seed % 2 == 0)) {
      for (int round = 0; round < 15_000; round++) {
        byte[] bytes = target.issued.get(random.nextInt(target.issued.size())).toBytes();
        if (round % 4 == 0) {
          random.nextBytes(bytes);
        }
        for (int i = random.nextInt(1, 4); i > 0; i--) {
          bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        target.attack(BlobHandle.fromBytes(bytes));
      }
      target.assertUnharmed();
    } catch (AssertionError e) {
      throw new AssertionError("seed=" + seed, e);
    }
  }
}
