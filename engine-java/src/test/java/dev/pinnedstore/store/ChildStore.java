package dev.pinnedstore.store;

import dev.pinnedstore.os.ThreadUsage;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.stream.Stream;

/** Uses a store in a JVM of its own, under limits that would hurt the tests. Prints one line. */
final class ChildStore {
  private ChildStore() {}

  public static void main(String... args) throws Exception {
    loadClasses();
    switch (args[0]) {
      case "stream" -> stream(Integer.parseInt(args[1]), Long.parseLong(args[2]), backend(args, 3));
      case "exhaust" ->
          exhaust(Long.parseLong(args[1]), Integer.parseInt(args[2]), backend(args, 3));
      case "reserve" -> reserve(Long.parseLong(args[1]), Long.parseLong(args[2]));
      case "grow" -> grow(args[1]);
      case "faults" -> faults(StoreKind.valueOf(args[1]), Long.parseLong(args[2]));
      case "read" -> ChildReader.read(Integer.parseInt(args[1]));
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  /** Passes an amount through eight pages, in views, with a few blobs alive at a time. */
  private static void stream(int blobBytes, long totalBytes, Backend backend) {
    byte[] blob = Blobs.of(1, blobBytes);
    MemorySegment expected = MemorySegment.ofArray(blob);
    StoreConfig config =
        StoreConfig.builder().backend(backend).pageSize(1 << 20).maxPages(8).build();
    long checked = 0;
    try (PinnedStore store = PinnedStore.open(config);
        Lifecycle _ = store.startLifecycle(Duration.ofMillis(1))) {
      Queue<BlobHandle> alive = new ArrayDeque<>();
      for (long done = 0; done < totalBytes; done += blobBytes) {
        alive.add(store.append(blob));
        if (alive.size() == 3) {
          BlobHandle oldest = alive.remove();
          checked += store.view(oldest).mismatch(expected) == -1 ? 1 : 0;
          store.acknowledge(oldest);
        }
      }
      System.out.println(checked == (totalBytes + blobBytes - 1) / blobBytes - 2);
    }
  }

  /** Appends until the operating system refuses, reads all, releases one and goes on. */
  private static void exhaust(long pageBytes, int most, Backend backend) {
    StoreConfig config =
        StoreConfig.builder().backend(backend).pageSize(pageBytes).maxBytes(Long.MAX_VALUE).build();
    // One blob in each page: no second fits, and none goes on in the next.
    long blobBytes = backend.equals(Backend.segmented()) ? pageBytes / 2 + 1 : pageBytes;
    try (PinnedStore store = PinnedStore.open(config)) {
      store.maintain();
      List<BlobHandle> handles = new ArrayList<>();
      StoreFullException refused = null;
      while (refused == null && handles.size() < most) {
        try {
          handles.add(store.append(Blobs.of(handles.size(), blobBytes)));
        } catch (StoreFullException e) {
          refused = e;
        }
      }
      boolean whole = true;
      for (int i = 0; i < handles.size(); i++) {
        whole &= Blobs.isBlob(store.view(handles.get(i)), i);
      }
      store.acknowledge(handles.getFirst());
      BlobHandle again = store.append(Blobs.of(7, blobBytes));
      System.out.println(
          (refused == null ? "none" : refused.limit())
              + (handles.size() > 2 ? " after some" : " at once")
              + ", whole="
              + (whole && Blobs.isBlob(store.view(again), 7)));
    }
  }

  /** Counts the writer's page faults in steady state: 4 KiB a blob, 1,024 of them alive. */
  private static void faults(StoreKind kind, long bytes) {
    int size = 4096;
    int alive = 1024;
    try (PinnedStore store = kind.open(kind.config().pageSize(2 << 20));
        Lifecycle _ = store.startLifecycle();
        Arena arena = Arena.ofConfined()) {
      MemorySegment blob = arena.allocate(size);
      MemorySegment ring = arena.allocate((long) alive * BlobHandle.BYTES);
      // Room to move for a lifecycle that is interrupted with a page in its hands.
      List<BlobHandle> more = new ArrayList<>();
      for (int i = 0; i < 4 * alive; i++) {
        more.add(store.append(blob));
      }
      for (int i = 0; i < alive; i++) {
        store.append(blob, ring, (long) i * BlobHandle.BYTES);
      }
      more.forEach(store::acknowledge);
      // The same before: the code is compiled and every page has been used when it counts.
      for (int i = 0; i < 20; i++) {
        replace(store, blob, ring, (64L << 20) / size);
      }
      long stalls = store.stats().stalls();
      ThreadUsage before = ThreadUsage.current();
      replace(store, blob, ring, bytes / size);
      ThreadUsage after = ThreadUsage.current();
      System.out.printf(
          "majorFaults=%d minorFaults=%d stalls=%d%n",
          after.majorFaults() - before.majorFaults(),
          after.minorFaults() - before.minorFaults(),
          store.stats().stalls() - stalls);
    }
  }

  private static void replace(
      PinnedStore store, MemorySegment blob, MemorySegment ring, long times) {
    for (long i = 0; i < times; i++) {
      long slot = i * BlobHandle.BYTES % ring.byteSize();
      store.acknowledge(ring, slot);
      store.append(blob, ring, slot);
    }
  }

  /** Opens a small range and fills it, while another is refused that is too large. */
  private static void reserve(long smallBytes, long largeBytes) {
    StoreConfig config =
        StoreConfig.builder().pageSize(2 << 20).backend(Backend.virtual(smallBytes)).build();
    try (PinnedStore store = PinnedStore.open(config)) {
      BlobHandle before = store.append(Blobs.of(1, 1 << 20));
      String refused = "none";
      try (PinnedStore large =
          PinnedStore.open(config.toBuilder().backend(Backend.virtual(largeBytes)).build())) {
        refused = "none: " + large.stats();
      } catch (StoreFullException e) {
        refused = e.limit() + ", named=" + e.getMessage().contains("ulimit -v");
      }
      BlobHandle across = store.append(Blobs.of(2, 4 << 20));
      System.out.println(
          refused
              + ", whole="
              + (Blobs.isBlob(store.view(before), 1) && Blobs.isBlob(store.view(across), 2)));
    }
  }

  private static Backend backend(String[] args, int at) {
    return args.length > at ? Backend.virtual(Long.parseLong(args[at])) : Backend.segmented();
  }

  private static void grow(String how) {
    try (PinnedStore store = PinnedStore.open(StoreConfig.builder().pageSize(4096).build())) {
      if (how.equals("maintained")) {
        store.maintain();
      } else if (how.equals("lifecycle")) {
        store.startLifecycle();
      }
      for (int i = 0; i < 100; i++) {
        store.append(new byte[4096]);
      }
      System.out.println(store.stats().stalls() > 0 || how.equals("lifecycle"));
    }
  }

  /** A class that comes from a folder needs an open file, of which there may soon be none. */
  private static void loadClasses() throws Exception {
    Path root = classPathOf(PinnedStore.class);
    List<Path> files;
    try (Stream<Path> all = Files.walk(root.resolve("dev"))) {
      files = all.filter(file -> file.toString().endsWith(".class")).toList();
    }
    for (Path file : files) {
      String name = root.relativize(file).toString().replace('/', '.');
      String type = name.substring(0, name.length() - ".class".length());
      if (!type.endsWith("package-info")) {
        Class.forName(type, false, ChildStore.class.getClassLoader());
      }
    }
  }

  /** The command of a child, to be run by a shell that sets its limits first. */
  static String command(String jvmOptions, String... args) throws IOException {
    return String.join(
        " ",
        "exec",
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC -XX:-UsePerfData -XX:ReservedCodeCacheSize=32m",
        "-XX:CompressedClassSpaceSize=32m",
        jvmOptions,
        "-cp",
        classPathOf(PinnedStore.class) + ":" + classPathOf(ChildStore.class),
        ChildStore.class.getName(),
        String.join(" ", args));
  }

  /** Where a class was loaded from; the code source is not it when tests patch the module. */
  private static Path classPathOf(Class<?> type) throws IOException {
    try {
      URI file = type.getResource(type.getSimpleName() + ".class").toURI();
      Path root = Path.of(file);
      for (int i = type.getName().split("\\.").length; i > 0; i--) {
        root = root.getParent();
      }
      return root;
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
  }
}
