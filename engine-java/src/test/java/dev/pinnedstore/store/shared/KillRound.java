package dev.pinnedstore.store.shared;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.InvalidHandleException;
import dev.pinnedstore.store.NamespaceException;
import dev.pinnedstore.store.NamespaceException.Reason;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreConfig;
import dev.pinnedstore.store.StoreFullException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One namespace in which processes are killed, and what must be true afterwards: every blob that
 * was published and not acknowledged is there whole, every acknowledgement counts once, the space
 * of the dead is there for the survivors, and the last one out leaves nothing.
 */
final class KillRound {
  private static final int CHUNKS = 6;
  private static final Duration DECAY = Duration.ofSeconds(10);
  private static final int OPERATIONS = 400;
  private static final int MOST_STEPS = 3000;

  private final String namespace;
  private final VictimProcess.Pool pool;
  private final SplittableRandom random;
  private final long seed;
  private final KillPoint point;
  private final TurnedTicker clock = new TurnedTicker();
  private final List<VictimProcess> victims = new ArrayList<>();

  /** Published by the survivor or taken over from the dead, and not acknowledged. */
  private final Map<BlobHandle, Long> live = new HashMap<>();

  private final Set<BlobHandle> maybe = new HashSet<>();
  private final Set<BlobHandle> acknowledged = new HashSet<>();
  private @Nullable PinnedStore survivor;
  private long numbers = 1;

  KillRound(String namespace, VictimProcess.Pool pool, long seed, KillPoint point) {
    this.namespace = namespace;
    this.pool = pool;
    this.seed = seed;
    this.point = point;
    this.random = new SplittableRandom(seed);
  }

  /** Returns how many processes were killed, and how many of these died at the wanted step. */
  int[] run() throws Exception {
    try {
      switch (point.scene()) {
        case ALONE -> start("open", point.dieAt(random));
        case BESIDE_CREATOR -> {
          start("open", point.dieAt(random));
          survivor = victims.getLast().joined ? attach() : null;
        }
        case BESIDE_ATTACHER -> {
          survivor = open();
          start("attach", point.dieAt(random));
        }
        case TWO -> {
          survivor = open();
          start("attach", point.dieAt(random));
          start("attach", KillPoint.ANYWHERE.dieAt(random));
        }
        case AFTER_A_DEATH -> {
          start("open", KillPoint.of("append.held").dieAt(random));
          goOn();
          start(victims.getLast().joined ? "attach" : "open", point.dieAt(random));
        }
      }
      goOn();
      take();
      if (survivor == null && !succeed()) {
        return kills();
      }
      check();
      return kills();
    } finally {
      for (VictimProcess victim : victims) {
        victim.kill();
      }
      if (survivor != null) {
        survivor.close();
      }
    }
  }

  private int[] kills() {
    int atStep = (int) victims.stream().filter(VictimProcess::diedAtStep).count();
    return new int[] {(int) victims.stream().filter(VictimProcess::died).count(), atStep};
  }

  // ---- processes

  private void start(String how, String dieAt) throws InterruptedException {
    VictimProcess victim = pool.take();
    victims.add(victim);
    victim.strict = !point.expires();
    if (!dieAt.isEmpty()) {
      victim.tell("die " + dieAt);
    }
    victim.tell(how + " " + namespace + " " + CHUNKS + (point.expires() ? " ttl" : " forever"));
    victim.awaitJoined();
    for (BlobHandle handle : List.copyOf(live.keySet())) {
      if (random.nextInt(3) == 0) {
        Long number = live.remove(handle);
        victim.published.put(handle, number);
        victim.tell("give " + handle.toHex() + " " + number);
      }
    }
    victim.tell("work " + (seed & 0xFFFF) * 8 + victims.size() + " " + OPERATIONS, "leave");
  }

  /** Works beside the victims until they have died; where no step is named, kills them. */
  private void goOn() throws InterruptedException {
    int steps = point.isNamed() ? Integer.MAX_VALUE : random.nextInt(MOST_STEPS);
    boolean isNamed = point.isNamed();
    for (VictimProcess victim : victims) {
      for (; survivor != null && !victim.ended && steps > 0; steps--) {
        victim.listen();
        step(survivor);
      }
      if (isNamed) {
        victim.awaitEnd();
      } else {
        victim.kill();
      }
      // The second of two.
      isNamed = point.scene() != KillPoint.Scene.TWO;
    }
  }

  private void step(PinnedStore store) {
    switch (random.nextInt(8)) {
      case 0, 1, 2 -> {
        try {
          byte[] bytes = Bytes.of(numbers, Victim.size(random));
          live.put(store.append(bytes), numbers++);
        } catch (StoreFullException _) {
          acknowledgeOne(store);
        }
      }
      case 3, 4 -> acknowledgeOne(store);
      case 5 -> {
        if (!live.isEmpty()) {
          assertLive(store, live.keySet().iterator().next());
        }
      }
      case 6 -> {
        if (random.nextInt(8) == 0) {
          store.maintain();
        }
      }
      default -> Thread.yield();
    }
  }

  private void acknowledgeOne(PinnedStore store) {
    if (!live.isEmpty()) {
      BlobHandle handle = live.keySet().iterator().next();
      assertThat(store.acknowledge(handle) || point.expires()).as("%s", handle).isTrue();
      live.remove(handle);
      // Refused is for good too: no clock is behind this one, so it was swept by one that is ahead.
      acknowledged.add(handle);
    }
  }

  /** Takes over what the dead have said. */
  private void take() {
    for (VictimProcess victim : victims) {
      live.putAll(victim.published);
      maybe.addAll(victim.acknowledging);
      acknowledged.addAll(victim.acknowledged);
    }
    live.keySet().removeAll(maybe);
    live.keySet().removeAll(acknowledged);
  }

  // ---- joining

  private StoreConfig.Builder config() {
    StoreConfig.Builder config =
        StoreConfig.builder()
            .backend(
                Backend.shared(namespace).chunkSize(SharedStoreFixture.CHUNK).maxChunks(CHUNKS))
            .decayTimeout(DECAY)
            .clock(clock);
    return point.expires() ? config.ttl(Victim.TTL) : config.noTtl();
  }

  private PinnedStore open() {
    return PinnedStore.open(config().build());
  }

  private PinnedStore attach() {
    return PinnedStore.attach(namespace, config().build());
  }

  /** Joins the dead namespace, begins anew or cleans up; false when there is nothing to check. */
  private boolean succeed() throws IOException {
    boolean wasThere = victims.stream().anyMatch(v -> v.joined && !v.leaving);
    switch (random.nextInt(4)) {
      case 0 -> {
        assertThat(PinnedStore.cleanupNamespace(namespace).inUse()).isFalse();
        assertThat(SharedFiles.names(namespace)).isEmpty();
        return false;
      }
      case 1 -> {
        survivor = open();
        for (BlobHandle handle : live.keySet()) {
          assertThat(resolveOrNull(survivor, handle)).as("%s of a past run", handle).isNull();
        }
        forget();
      }
      default -> {
        try {
          survivor = attach();
        } catch (NamespaceException e) {
          assertThat(e.reason()).isEqualTo(Reason.MISSING);
          assertThat(wasThere).as("%s", e).isFalse();
          survivor = open();
          forget();
        }
      }
    }
    return true;
  }

  private void forget() {
    live.clear();
    maybe.clear();
    acknowledged.clear();
    victims.forEach(victim -> victim.appending = false);
  }

  // ---- what must be true

  private void check() throws IOException {
    PinnedStore store = survivor;
    for (BlobHandle handle : live.keySet()) {
      assertLive(store, handle);
    }
    for (BlobHandle handle : acknowledged) {
      assertThat(acknowledgeOrFalse(store, handle)).as("%s again", handle).isFalse();
    }
    for (BlobHandle handle : live.keySet()) {
      assertThat(acknowledgeOrFalse(store, handle) || point.expires()).as("%s", handle).isTrue();
      assertThat(acknowledgeOrFalse(store, handle)).as("%s twice", handle).isFalse();
    }
    for (BlobHandle handle : maybe) {
      boolean _ = acknowledgeOrFalse(store, handle);
      assertThat(acknowledgeOrFalse(store, handle)).as("%s twice", handle).isFalse();
    }
    settle(store);
    // A blob whose writer died with the handle that it had just got is there until it expires.
    long orphans =
        point.expires() || !point.mayLeaveBlob()
            ? 0
            : victims.stream().filter(victim -> victim.appending).count();
    List<BlobHandle> full = fill(store);
    assertThat(full.size()).as("chunks to be had").isBetween((int) (CHUNKS - orphans), CHUNKS);
    assertThat(store.acknowledge(full.removeFirst())).isTrue();
    store.append(Bytes.of(0, SharedStoreFixture.CAPACITY));
    for (BlobHandle handle : full) {
      assertThat(store.acknowledge(handle)).isTrue();
    }
    store.close();
    survivor = null;
    assertThat(SharedFiles.names(namespace)).as("files left").isEmpty();
  }

  private void settle(PinnedStore store) {
    for (int i = 0; i < 4; i++) {
      clock.advance(DECAY.plusMillis(1));
      store.maintain();
    }
    if (point.expires()) {
      clock.advance(Duration.ofHours(1));
      store.maintain();
      store.maintain();
    }
  }

  private List<BlobHandle> fill(PinnedStore store) {
    List<BlobHandle> full = new ArrayList<>();
    try {
      while (full.size() <= CHUNKS) {
        full.add(store.append(Bytes.of(full.size(), SharedStoreFixture.CAPACITY)));
      }
    } catch (StoreFullException e) {
      assertThat(e.limitValue()).isEqualTo(CHUNKS);
    }
    for (int i = 0; i < full.size(); i++) {
      assertThat(store.resolve(full.get(i))).isEqualTo(Bytes.of(i, SharedStoreFixture.CAPACITY));
    }
    return full;
  }

  private void assertLive(PinnedStore store, BlobHandle handle) {
    byte[] expected = Bytes.of(live.get(handle), (int) handle.sizeBytes());
    byte[] copy = resolveOrNull(store, handle);
    if (copy == null && point.expires()) {
      return;
    }
    assertThat(copy).as("copy of %s", handle).isEqualTo(expected);
    if (!point.expires()) {
      assertThat(store.view(handle).mismatch(MemorySegment.ofArray(expected)))
          .as("first wrong byte in the view of %s", handle)
          .isEqualTo(-1);
    }
  }

  private static byte @Nullable [] resolveOrNull(PinnedStore store, BlobHandle handle) {
    return SharedStoreFixture.resolveOrNull(store, handle);
  }

  /** A chunk that is gone altogether may make a handle one that was never issued. */
  private static boolean acknowledgeOrFalse(PinnedStore store, BlobHandle handle) {
    try {
      return store.acknowledge(handle);
    } catch (InvalidHandleException _) {
      return false;
    }
  }

  @Override
  public String toString() {
    return point + " seed=" + seed + " victims=" + victims;
  }
}
