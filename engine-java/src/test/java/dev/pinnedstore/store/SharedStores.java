package dev.pinnedstore.store;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Settings of pages, as settings of chunks with the same room. */
final class SharedStores {
  private static final long HEADER = 64;
  private static final AtomicInteger COUNT = new AtomicInteger();

  private SharedStores() {}

  /** A name that no other test has, nor any other process. */
  static String newNamespace() {
    return "pinnedstore-test-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
  }

  /** The files of all namespaces of this process's tests. */
  static List<String> files() {
    String prefix = "pinnedstore-test-" + ProcessHandle.current().pid() + "-";
    String[] names = new File("/dev/shm").list((_, name) -> name.startsWith(prefix));
    return names == null ? List.of() : List.of(names);
  }

  /** A config of a namespace of its own. */
  static StoreConfig translate(StoreConfig config) {
    long chunk = config.pageSize() + HEADER;
    long chunks = config.maxBytes() / config.pageSize();
    StoreConfig.Builder builder =
        StoreConfig.builder()
            .backend(Backend.shared(newNamespace()).chunkSize(chunk).maxChunks(config.maxPages()))
            .prefetchThreshold(config.prefetchThreshold())
            .decayTimeout(config.decayTimeout())
            .maxBytes(chunks > Long.MAX_VALUE / chunk ? Long.MAX_VALUE : chunks * chunk)
            .clock(config.clock());
    return (config.ttl().isPresent() ? builder.ttl(config.ttl().get()) : builder.noTtl()).build();
  }

  /** Creates a namespace in which there is a store already. */
  static void openWhatIsInUse() {
    StoreConfig config = small();
    try (PinnedStore store = PinnedStore.open(config)) {
      PinnedStore.open(store.config()).close();
    }
  }

  /** Joins a namespace after a field of its control file was changed. */
  static void attachToControl(long offset, int value) throws IOException {
    StoreConfig config = small();
    String namespace = ((Backend.Shared) config.backend()).namespace();
    try (PinnedStore store = PinnedStore.open(config)) {
      Path control = Path.of("/dev/shm", namespace + "_ctrl");
      byte[] whole = Files.readAllBytes(control);
      try {
        ByteBuffer changed = ByteBuffer.wrap(whole.clone()).order(ByteOrder.nativeOrder());
        Files.write(control, changed.putInt((int) offset, value).array());
        PinnedStore.attach(namespace, store.config()).close();
      } finally {
        Files.write(control, whole);
      }
    }
  }

  /** Writes on until a chunk has to be made, where the control file was removed. */
  static void appendWithoutControl() throws IOException {
    StoreConfig config = small();
    String namespace = ((Backend.Shared) config.backend()).namespace();
    try (PinnedStore store = PinnedStore.open(config)) {
      Files.delete(Path.of("/dev/shm", namespace + "_ctrl"));
      store.append(new byte[4096]);
      store.append(new byte[4096]);
    } finally {
      PinnedStore.cleanupNamespace(namespace);
    }
  }

  private static StoreConfig small() {
    return StoreConfig.builder()
        .backend(Backend.shared(newNamespace()).chunkSize(4096 + HEADER))
        .build();
  }
}
