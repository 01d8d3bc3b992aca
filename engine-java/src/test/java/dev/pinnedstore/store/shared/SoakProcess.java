package dev.pinnedstore.store.shared;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * A writer, reader or cleaner of a namespace in a JVM of its own. A writer prints a line of handle
 * and number for each blob, a reader takes such lines, and a cleaner runs until its input ends. The
 * reader's last line is how many it has had.
 */
final class SoakProcess {
  private static final int LARGEST = 3000;
  private static final long ROOM_SECONDS = 60;

  private SoakProcess() {}

  static StoreConfig config(String namespace) {
    return StoreConfig.builder()
        .backend(Backend.shared(namespace).chunkSize(1 << 16).maxChunks(8))
        .noTtl()
        .decayTimeout(Duration.ofMillis(100))
        .build();
  }

  /** Arguments: the role, the namespace, and for a writer its number and milliseconds. */
  public static void main(String... args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    PrintStream out = new PrintStream(System.out, true, UTF_8);
    try (PinnedStore store = PinnedStore.attach(args[1], config(args[1]));
        var _ = store.startLifecycle(Duration.ofMillis(5))) {
      switch (args[0]) {
        case "writer" -> write(store, out, Long.parseLong(args[2]), Long.parseLong(args[3]));
        case "reader" -> read(store, in, out);
        case "cleaner" -> {
          while (!in.ready()) {
            var _ = store.maintain();
            Thread.yield();
          }
        }
        default -> throw new IllegalArgumentException(args[0]);
      }
    }
  }

  private static void write(PinnedStore store, PrintStream out, long writer, long millis)
      throws Exception {
    SplittableRandom random = new SplittableRandom(writer);
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    for (long i = writer << 40; System.nanoTime() - end < 0; i++) {
      byte[] blob = Bytes.of(i, 1 + random.nextInt(random.nextInt(4) == 0 ? LARGEST : 200));
      BlobHandle handle = store.tryAppend(MemorySegment.ofArray(blob));
      while (handle == null) {
        store.roomFor(blob.length).get(ROOM_SECONDS, TimeUnit.SECONDS);
        handle = store.tryAppend(MemorySegment.ofArray(blob));
      }
      out.println(handle.toHex() + " " + i);
    }
  }

  private static void read(PinnedStore store, BufferedReader in, PrintStream out)
      throws IOException {
    long count = 0;
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ");
      BlobHandle handle = BlobHandle.fromHex(words[0]);
      byte[] expected = Bytes.of(Long.parseLong(words[1]), (int) handle.sizeBytes());
      boolean isWhole =
          (count & 1) == 0
              ? store.view(handle).mismatch(MemorySegment.ofArray(expected)) == -1
              : Arrays.equals(store.resolve(handle), expected);
      if (!isWhole || !store.acknowledge(handle) || store.acknowledge(handle)) {
        throw new IllegalStateException(line + ": isWhole=" + isWhole);
      }
      count++;
    }
    out.println(count);
  }
}
