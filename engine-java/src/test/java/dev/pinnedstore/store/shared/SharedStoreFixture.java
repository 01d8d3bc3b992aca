package dev.pinnedstore.store.shared;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.InvalidHandleException;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreConfig;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A namespace of small chunks and a clock that is put forward. Two stores of one JVM in one
 * namespace are two process slots, and all that a process of its own would be but for dying.
 */
@Tag("contract")
@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
abstract class SharedStoreFixture {
  static final int CHUNK = 4096;

  /** The largest blob, which fills a chunk. */
  static final int CAPACITY = CHUNK - OriginalLayout.HEADER_BYTES;

  static final Duration DECAY = Duration.ofSeconds(10);

  @RegisterExtension final SharedFiles files = new SharedFiles();
  final TurnedTicker clock = new TurnedTicker();
  String namespace = "";

  @BeforeEach
  void nameIt() {
    namespace = files.namespace();
  }

  // ---- opening

  final Backend.Shared backend() {
    return Backend.shared(namespace).chunkSize(CHUNK);
  }

  final StoreConfig.Builder config(Backend backend) {
    return StoreConfig.builder().backend(backend).noTtl().decayTimeout(DECAY).clock(clock);
  }

  /** Creates the namespace; closed after the test. */
  final PinnedStore open() {
    return open(config(backend()));
  }

  final PinnedStore open(StoreConfig.Builder config) {
    return files.opened(PinnedStore.open(config.build()));
  }

  /** Joins the namespace; closed after the test. */
  final PinnedStore attach() {
    return attach(config(Backend.shared(namespace)));
  }

  final PinnedStore attach(StoreConfig.Builder config) {
    return files.opened(PinnedStore.attach(namespace, config.build()));
  }

  /**
   * Leaves the files of the namespace as they are now, and nobody who lives: as processes do that
   * were killed.
   */
  final void crash() throws Exception {
    Map<String, byte[]> image = new LinkedHashMap<>();
    for (String name : SharedFiles.names(namespace)) {
      image.put(name, SharedFiles.read(namespace, name));
    }
    files.closeAll();
    SharedFiles.remove(namespace);
    for (Map.Entry<String, byte[]> file : image.entrySet()) {
      SharedFiles.write(namespace, file.getKey(), file.getValue());
    }
  }

  // ---- filling

  /** Appends blobs that fill a chunk each, numbered from a number on. */
  static List<BlobHandle> fillChunks(PinnedStore store, int from, int chunks) {
    List<BlobHandle> handles = new ArrayList<>();
    for (int i = from; i < from + chunks; i++) {
      handles.add(store.append(Bytes.of(i, CAPACITY)));
    }
    return handles;
  }

  /** Cycles of all stores, each round later than the decay time; what may go is gone then. */
  final void settle(PinnedStore... stores) {
    for (int round = 0; round < 4; round++) {
      clock.advance(DECAY.plusMillis(1));
      maintain(stores);
    }
  }

  /** Two cycles of all stores at this time. */
  static void maintain(PinnedStore... stores) {
    for (int round = 0; round < 2; round++) {
      for (PinnedStore store : stores) {
        store.maintain();
      }
    }
  }

  // ---- looking

  static void assertLive(PinnedStore store, BlobHandle handle, long number) {
    byte[] expected = Bytes.of(number, (int) handle.sizeBytes());
    assertThat(store.resolve(handle)).as("copy of %s", handle).isEqualTo(expected);
    assertThat(store.view(handle).mismatch(MemorySegment.ofArray(expected)))
        .as("first wrong byte in the view of %s", handle)
        .isEqualTo(-1);
  }

  /** The bytes, or null when the handle is refused in either way. */
  static byte @Nullable [] resolveOrNull(PinnedStore store, BlobHandle handle) {
    try {
      return store.resolve(handle);
    } catch (InvalidHandleException _) {
      return null;
    }
  }

  final List<String> chunkFiles() throws IOException {
    return SharedFiles.names(namespace).stream().filter(n -> n.startsWith("data_")).toList();
  }

  /** Lines of this process's memory map that name a file of the namespace. */
  final List<String> mappings() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.filter(line -> line.contains(namespace + "_")).toList();
    }
  }

  /** Open files of this process that are chunks of the namespace. */
  final long openChunks() throws IOException {
    long open = 0;
    List<Path> descriptors;
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      descriptors = all.toList();
    }
    for (Path descriptor : descriptors) {
      try {
        open +=
            Files.readSymbolicLink(descriptor).toString().contains(namespace + "_data_") ? 1 : 0;
      } catch (IOException _) {
        // The descriptor of the listing itself is closed by now.
      }
    }
    return open;
  }
}
