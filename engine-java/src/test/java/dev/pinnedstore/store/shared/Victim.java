package dev.pinnedstore.store.shared;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.Reservation;
import dev.pinnedstore.store.StoreConfig;
import dev.pinnedstore.store.StoreFullException;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Works in a namespace in a JVM of its own until it is killed. Before and after each change it says
 * what it does, each time by one write to a pipe, so that the other end knows exactly how far it
 * came:
 *
 * <pre>
 *  joined             s NUMBER           begins to append the blob of a number
 *  a HANDLE           p NUMBER HANDLE    has published it
 *  A HANDLE RESULT    c NUMBER           has given its reservation up
 *  leaving, left      wrong WHAT         has seen what must not be
 * </pre>
 */
final class Victim {
  /** The TTL of namespaces that have one, and what the clock of a victim skips now and then. */
  static final Duration TTL = Duration.ofMinutes(1);

  private record Blob(BlobHandle handle, long number) {}

  private final TurnedTicker clock = new TurnedTicker();
  private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);
  private final List<Blob> blobs = new ArrayList<>();
  private @Nullable PinnedStore store;

  public static void main(String... args) throws IOException {
    Victim victim = new Victim();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      try {
        victim.obey(line.split(" "));
      } catch (RuntimeException | Error e) {
        e.printStackTrace();
        victim.say("wrong " + e);
        return;
      }
    }
  }

  private void obey(String[] words) throws IOException {
    switch (words[0]) {
      // Read when the engine's classes are initialised, so before anything else is done.
      case "die" -> System.setProperty("dev.pinnedstore.dieAt", words[1]);
      case "open", "attach" -> join(words);
      case "give" -> blobs.add(new Blob(BlobHandle.fromHex(words[1]), Long.parseLong(words[2])));
      case "work" -> work(Long.parseLong(words[1]), Integer.parseInt(words[2]));
      case "leave" -> {
        say("leaving");
        Optional.ofNullable(store).ifPresent(PinnedStore::close);
        say("left");
      }
      default -> throw new IllegalArgumentException(words[0]);
    }
  }

  private void join(String[] words) throws IOException {
    Backend.Shared backend = Backend.shared(words[1]).chunkSize(SharedStoreFixture.CHUNK);
    StoreConfig.Builder config =
        StoreConfig.builder()
            .backend(backend.maxChunks(Long.parseLong(words[2])))
            .decayTimeout(Duration.ofMillis(1))
            .clock(clock);
    config = words[3].equals("ttl") ? config.ttl(TTL) : config.noTtl();
    store =
        words[0].equals("open")
            ? PinnedStore.open(config.build())
            : PinnedStore.attach(words[1], config.build());
    say("joined");
  }

  private void work(long seed, int operations) throws IOException {
    PinnedStore joined = Optional.ofNullable(store).orElseThrow();
    SplittableRandom random = new SplittableRandom(seed);
    // A victim that inherits what another left begins with that.
    joined.maintain();
    for (int i = 0; i < operations; i++) {
      switch (random.nextInt(10)) {
        case 0, 1, 2, 3 -> append(joined, random, (seed << 20) + i);
        case 4 -> look(joined, random);
        case 5 -> {
          if (random.nextInt(4) == 0) {
            clock.advance(TTL.plusMillis(1));
          }
          joined.maintain();
        }
        default -> {
          if (random.nextInt(5) > 0) {
            acknowledge(joined, random);
          }
        }
      }
    }
    while (!blobs.isEmpty()) {
      acknowledge(joined, random);
    }
    joined.maintain();
  }

  private void append(PinnedStore joined, SplittableRandom random, long number) throws IOException {
    byte[] bytes = Bytes.of(number, size(random));
    say("s " + number);
    try {
      BlobHandle handle = null;
      switch (random.nextInt(6)) {
        case 0 -> {
          try (Reservation reservation = joined.reserve(bytes.length)) {
            reservation.segment().copyFrom(MemorySegment.ofArray(bytes));
            handle = reservation.publish();
          }
        }
        case 1 -> joined.reserve(bytes.length).close();
        default -> handle = joined.append(bytes);
      }
      if (handle == null) {
        say("c " + number);
      } else {
        say("p " + number + " " + handle.toHex());
        blobs.add(new Blob(handle, number));
      }
    } catch (StoreFullException _) {
      say("c " + number);
      acknowledge(joined, random);
      joined.maintain();
    }
  }

  static int size(SplittableRandom random) {
    return switch (random.nextInt(4)) {
      case 0 -> 1 + random.nextInt(62);
      case 1 -> 63 + random.nextInt(200);
      case 2 -> 1 + random.nextInt(1500);
      default -> 1 + random.nextInt(SharedStoreFixture.CAPACITY);
    };
  }

  private void look(PinnedStore joined, SplittableRandom random) throws IOException {
    if (!blobs.isEmpty() && joined.config().ttl().isEmpty()) {
      Blob blob = blobs.get(random.nextInt(blobs.size()));
      byte[] expected = Bytes.of(blob.number, (int) blob.handle.sizeBytes());
      if (joined.view(blob.handle).mismatch(MemorySegment.ofArray(expected)) != -1) {
        say("wrong bytes in the view of " + blob);
      }
    }
  }

  private void acknowledge(PinnedStore joined, SplittableRandom random) throws IOException {
    if (!blobs.isEmpty()) {
      Blob blob = blobs.remove(random.nextInt(blobs.size()));
      String handle = blob.handle.toHex();
      say("a " + handle);
      say("A " + handle + " " + joined.acknowledge(blob.handle));
    }
  }

  private void say(String line) throws IOException {
    out.write((line + "\n").getBytes(UTF_8));
  }
}
