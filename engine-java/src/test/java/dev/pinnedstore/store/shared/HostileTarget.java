package dev.pinnedstore.store.shared;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.PinnedStoreException;
import dev.pinnedstore.store.StoreConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Uses stores whose files are changed under them, in a JVM of its own, as that may not survive.
 * Prints a line for each round before it, and how it ended.
 */
final class HostileTarget {
  private static final int CHUNKS = 5;

  private final String namespace;
  private final SplittableRandom random;
  private final TurnedTicker clock = new TurnedTicker();
  private final Map<BlobHandle, Long> blobs = new HashMap<>();
  private final List<PinnedStore> stores = new ArrayList<>();
  private final Mutation mutation;
  private long numbers;
  private int refusals;

  private HostileTarget(String namespace, long seed) {
    this.namespace = namespace;
    this.random = new SplittableRandom(seed);
    this.mutation = new Mutation(random);
  }

  /** Arguments: the namespace, the first seed, and how many rounds, one seed each. */
  public static void main(String... args) throws Exception {
    long first = Long.parseLong(args[1]);
    for (long seed = first; seed < first + Long.parseLong(args[2]); seed++) {
      System.out.println("round " + seed);
      HostileTarget target = new HostileTarget(args[0], seed);
      try {
        target.run();
        System.out.println("ok " + target.refusals);
      } catch (RuntimeException | Error e) {
        System.out.println("failed " + target.mutation + ": " + e);
        e.printStackTrace();
      } finally {
        target.remove();
      }
    }
  }

  private void run() throws IOException {
    stores.add(PinnedStore.open(config()));
    stores.add(PinnedStore.attach(namespace, config()));
    for (int i = random.nextInt(40); i >= 0; i--) {
      use(stores.get(i & 1));
    }
    mutation.apply(namespace);
    if (random.nextBoolean()) {
      allow(() -> stores.add(PinnedStore.attach(namespace, config())));
    } else if (random.nextInt(8) == 0) {
      allow(() -> stores.add(PinnedStore.openOrAttach(config())));
    }
    for (int i = 0; i < 40; i++) {
      PinnedStore store = stores.get(random.nextInt(stores.size()));
      allow(() -> use(store));
    }
    for (PinnedStore store : stores) {
      for (BlobHandle handle : List.copyOf(blobs.keySet())) {
        allow(() -> look(store, handle));
        allow(() -> store.acknowledge(handle));
      }
      allow(store::maintain);
      allow(store::stats);
    }
    for (PinnedStore store : stores) {
      allow(store::close);
    }
    allow(() -> PinnedStore.cleanupNamespace(namespace));
    if (random.nextInt(4) == 0) {
      allow(() -> PinnedStore.open(config()).close());
    }
  }

  private StoreConfig config() {
    Backend.Shared backend = Backend.shared(namespace).chunkSize(SharedStoreFixture.CHUNK);
    return StoreConfig.builder()
        .backend(backend.maxChunks(CHUNKS))
        .noTtl()
        .decayTimeout(Duration.ofSeconds(1))
        .clock(clock)
        .build();
  }

  private void use(PinnedStore store) {
    switch (random.nextInt(8)) {
      case 0, 1, 2, 3 -> {
        byte[] bytes = Bytes.of(numbers, Victim.size(random));
        BlobHandle handle = store.tryAppend(MemorySegment.ofArray(bytes));
        if (handle != null) {
          blobs.put(handle, numbers++);
        }
      }
      case 4 -> {
        if (!blobs.isEmpty()) {
          look(store, blobs.keySet().iterator().next());
        }
      }
      case 5, 6 -> {
        if (!blobs.isEmpty()) {
          BlobHandle handle = blobs.keySet().iterator().next();
          blobs.remove(handle);
          boolean _ = store.acknowledge(handle);
        }
      }
      default -> {
        clock.advance(Duration.ofMillis(random.nextInt(1500)));
        var _ = store.maintain();
      }
    }
  }

  private void look(PinnedStore store, BlobHandle handle) {
    byte[] expected = Bytes.of(blobs.get(handle), (int) handle.sizeBytes());
    byte[] copy = store.resolve(handle);
    if (copy != null && !mutation.freesBytes && !Arrays.equals(copy, expected)) {
      throw new AssertionError("foreign bytes in the copy of " + handle);
    }
    MemorySegment view = store.view(handle);
    try {
      if (view.mismatch(MemorySegment.ofArray(expected)) != -1 && !mutation.freesBytes) {
        throw new AssertionError("foreign bytes in the view of " + handle);
      }
    } catch (InternalError e) {
      // What a view of a file is that was cut off; not a call of the store.
      refusals++;
    }
  }

  /** Anything but bytes of others and errors of the machine is an answer. */
  private void allow(Runnable use) {
    try {
      use.run();
    } catch (PinnedStoreException | IllegalStateException | UncheckedIOException e) {
      refusals++;
    }
  }

  private void remove() throws IOException {
    for (PinnedStore store : stores) {
      try {
        store.close();
      } catch (RuntimeException | Error _) {
        // It was told as the round's end, or is what the round is about.
      }
    }
    for (Path file : Mutation.files(namespace)) {
      Files.delete(file);
    }
  }
}
