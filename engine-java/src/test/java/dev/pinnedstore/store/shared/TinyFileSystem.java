package dev.pinnedstore.store.shared;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.PinnedStoreException;
import dev.pinnedstore.store.StoreConfig;
import dev.pinnedstore.store.StoreFullException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Uses a store on a file system of 1 MiB, in a JVM of its own. Prints one line for each use. */
final class TinyFileSystem {
  private static final int CHUNK = 128 << 10;
  private static final int BLOB = 10_000;

  private final Path directory;
  private final TurnedTicker clock = new TurnedTicker();

  private TinyFileSystem(Path directory) {
    this.directory = directory;
  }

  public static void main(String... args) throws IOException {
    TinyFileSystem tiny = new TinyFileSystem(Path.of(args[0]));
    System.out.println(tiny.fill());
    System.out.println(tiny.smallBlobsWithoutRoom());
    System.out.println(tiny.openWithoutRoom());
    System.out.println(tiny.idsWithoutRoom());
    try (Stream<Path> left = Files.list(tiny.directory)) {
      System.out.println("left " + left.count());
    }
  }

  private PinnedStore open() {
    return PinnedStore.open(
        StoreConfig.builder()
            .backend(Backend.shared("tiny").directory(directory).chunkSize(CHUNK))
            .noTtl()
            .decayTimeout(Duration.ofSeconds(1))
            .clock(clock)
            .build());
  }

  /** Appends until there is no room, reads all, releases all and goes on. */
  private String fill() {
    try (PinnedStore store = open()) {
      List<BlobHandle> handles = new ArrayList<>();
      StoreFullException refused = null;
      while (refused == null) {
        try {
          handles.add(store.append(Bytes.of(handles.size(), BLOB)));
        } catch (StoreFullException e) {
          refused = e;
        }
      }
      boolean isWhole = isWhole(store, handles);
      for (BlobHandle handle : handles) {
        store.acknowledge(handle);
      }
      int first = handles.size();
      for (int i = 0; i < 2 * first; i++) {
        BlobHandle again = store.append(Bytes.of(i, BLOB));
        isWhole &= Arrays.equals(store.resolve(again), Bytes.of(i, BLOB));
        store.acknowledge(again);
      }
      boolean hasSizes =
          refused.freeBytes().orElse(-1) >= 0
              && refused.freeBytes().orElse(-1) < 2 * CHUNK
              && refused.totalBytes().orElse(-1) == 1 << 20
              && refused.chunkSize().orElse(-1) == CHUNK;
      return "fill some=" + (first > 20) + " whole=" + isWhole + " sizes=" + hasSizes;
    }
  }

  /** The table of small blobs is a hole in its file: what is not there cannot be taken. */
  private String smallBlobsWithoutRoom() throws IOException {
    try (PinnedStore store = open()) {
      List<BlobHandle> handles = new ArrayList<>();
      handles.add(store.append(Bytes.of(0, BLOB)));
      Path ballast = takeAll();
      PinnedStoreException refused = append(store, 9);
      boolean isWhole = isWhole(store, handles);
      Files.delete(ballast);
      PinnedStoreException again = append(store, 9);
      return "small refused=" + (refused != null) + " whole=" + isWhole + " again=" + again;
    }
  }

  private static @Nullable PinnedStoreException append(PinnedStore store, int size) {
    try {
      BlobHandle handle = store.append(Bytes.of(1, size));
      store.acknowledge(handle);
      return null;
    } catch (PinnedStoreException e) {
      return e;
    }
  }

  private String openWithoutRoom() throws IOException {
    Path ballast = takeAll();
    String refused;
    try (PinnedStore _ = open()) {
      refused = "no";
    } catch (StoreFullException e) {
      refused = "" + e.totalBytes().orElse(-1);
    }
    Files.delete(ballast);
    try (PinnedStore store = open()) {
      return "open refused=" + refused + " again=" + (append(store, BLOB) == null);
    }
  }

  /** Ids are never given back: a chunk that cannot be made takes none. */
  private String idsWithoutRoom() throws IOException {
    try (PinnedStore store = open()) {
      store.append(Bytes.of(0, CHUNK - OriginalLayout.HEADER_BYTES));
      Path ballast = takeAll();
      int before = chunkCount();
      int refused = 0;
      for (int i = 0; i < 50; i++) {
        refused += append(store, BLOB) == null ? 0 : 1;
        store.maintain();
      }
      Files.delete(ballast);
      return "ids refused=" + refused + " taken=" + (chunkCount() - before);
    }
  }

  private int chunkCount() throws IOException {
    byte[] control = Files.readAllBytes(directory.resolve("tiny_ctrl"));
    return ByteBuffer.wrap(control)
        .order(ByteOrder.nativeOrder())
        .getInt(OriginalLayout.CHUNK_COUNT);
  }

  /** Takes what room there is, but for nothing. */
  private Path takeAll() throws IOException {
    Path ballast = directory.resolve("ballast");
    try (OutputStream out = Files.newOutputStream(ballast)) {
      while (true) {
        out.write(new byte[4096]);
      }
    } catch (IOException _) {
      return ballast;
    }
  }

  private static boolean isWhole(PinnedStore store, List<BlobHandle> handles) {
    boolean isWhole = true;
    for (int i = 0; i < handles.size(); i++) {
      isWhole &= Arrays.equals(store.resolve(handles.get(i)), Bytes.of(i, BLOB));
    }
    return isWhole;
  }
}
