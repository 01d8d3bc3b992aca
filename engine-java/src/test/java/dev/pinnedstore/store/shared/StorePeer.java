package dev.pinnedstore.store.shared;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.MaintenanceReport;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Our store as a {@link Peer}, without a TTL; its decay time is a second of its own clock. */
final class StorePeer implements Peer {
  final PinnedStore store;
  private final TurnedTicker clock;

  private StorePeer(PinnedStore store, TurnedTicker clock) {
    this.store = store;
    this.clock = clock;
  }

  static StorePeer create(Path directory, String namespace, long chunkSize, int maxChunks) {
    Backend.Shared backend = Backend.shared(namespace).directory(directory).chunkSize(chunkSize);
    if (maxChunks != OriginalPeer.UNLIMITED) {
      backend = backend.maxChunks(maxChunks);
    }
    TurnedTicker clock = new TurnedTicker();
    return new StorePeer(PinnedStore.open(config(backend, clock)), clock);
  }

  static StorePeer attach(Path directory, String namespace) {
    TurnedTicker clock = new TurnedTicker();
    Backend backend = Backend.shared(namespace).directory(directory);
    return new StorePeer(PinnedStore.attach(namespace, config(backend, clock)), clock);
  }

  private static StoreConfig config(Backend backend, TurnedTicker clock) {
    return StoreConfig.builder()
        .backend(backend)
        .noTtl()
        .decayTimeout(Duration.ofSeconds(1))
        .clock(clock)
        .build();
  }

  @Override
  public BlobHandle append(byte[] blob) {
    return store.append(blob);
  }

  @Override
  public byte @Nullable [] resolve(BlobHandle handle) {
    return store.resolve(handle);
  }

  @Override
  public boolean acknowledge(BlobHandle handle) {
    return store.acknowledge(handle);
  }

  /** Two cycles with that time between them; the TTL is not ours. */
  @Override
  public int cleanup(long ttlMillis, long decayMillis) {
    int freed = freed(store.maintain());
    clock.advance(Duration.ofMillis(decayMillis));
    return freed + freed(store.maintain());
  }

  private static int freed(MaintenanceReport report) {
    return report.pagesReused() + report.pagesGivenBack();
  }

  @Override
  public void close() {
    store.close();
  }

  /** Serves the line protocol of {@link PeerLines}; the argument is the directory. */
  public static void main(String... args) throws IOException {
    Path directory = Path.of(args[0]);
    PeerLines.serve(
        new PeerLines.Opener() {
          @Override
          public Peer create(String namespace, long chunkSize, int maxChunks) {
            return StorePeer.create(directory, namespace, chunkSize, maxChunks);
          }

          @Override
          public Peer attach(String namespace) {
            return StorePeer.attach(directory, namespace);
          }
        });
  }
}
