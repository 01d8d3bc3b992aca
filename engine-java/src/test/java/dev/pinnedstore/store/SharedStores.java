package dev.pinnedstore.store;

import java.io.File;
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
}
