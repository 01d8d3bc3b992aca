package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Delivers files through one store: the calling thread sends, others consume, the store's lifecycle
 * runs beside them.
 */
final class Delivery {
  /** More full pieces than the store holds, so that the store is what pushes back. */
  private static final int SLOTS = 1024;

  /** A quiet store keeps one page to write to and one that is ready. */
  private static final int PAGES_KEPT = 2;

  private static final long LONGEST_SETTLING_NANOS = Duration.ofSeconds(2).toNanos();
  private static final long POLL_NANOS = Duration.ofMillis(10).toNanos();

  private static final ThreadFactory THREADS =
      Thread.ofPlatform().daemon().name("courier-consumer-", 1).factory();

  private final FileList files;
  private final int consumers;
  private final long limitBytes;
  private final Surroundings surroundings;
  private final Screen screen;

  /**
   * Plans a delivery.
   *
   * @param files what to deliver
   * @param consumers how many threads verify
   * @param limitBytes where to stop
   * @param surroundings opens files and makes checksums
   * @param screen shows progress and problems
   */
  Delivery(
      FileList files, int consumers, long limitBytes, Surroundings surroundings, Screen screen) {
    this.files = files;
    this.consumers = consumers;
    this.limitBytes = limitBytes;
    this.surroundings = surroundings;
    this.screen = screen;
  }

  /**
   * Opens a store, delivers, waits until idle memory has gone back, and closes the store.
   *
   * @throws CancellationException when the JVM was told to end
   */
  Outcome run(StoreConfig config) throws IOException {
    try (PinnedStore store = PinnedStore.open(config);
        ShutdownGuard guard = new ShutdownGuard(() -> end(store))) {
      try {
        return run(store);
      } catch (RuntimeException e) {
        if (guard.isTriggered()) {
          throw ShutdownGuard.ending(e);
        }
        throw e;
      }
    }
  }

  private Outcome run(PinnedStore store) throws IOException {
    Receipts receipts = new Receipts(files.files().size());
    Timeline timeline = new Timeline();
    try (HandleRing ring = new HandleRing(SLOTS);
        FileFeed feed = new FileFeed(surroundings.opener());
        Progress progress =
            new Progress(
                screen, store.config().backend().name(), Math.min(limitBytes, files.bytes()))) {
      Sender sender = new Sender(store, ring, feed, receipts, progress, screen, limitBytes);
      long nanos = record(store, ring, sender, receipts, timeline);
      return new Outcome(
          store.config(),
          sender.files(),
          sender.bytes(),
          receipts.sentBlobs(),
          receipts.verifiedBlobs(),
          incompleteFiles(files, receipts, screen),
          files.unreadable() + sender.unreadable(),
          nanos,
          sender.appendNanos(),
          sender.waits(),
          store.stats(),
          timeline,
          null);
    }
  }

  /** Delivers and lets the store settle, on record; how long the delivery took, in ns. */
  private long record(
      PinnedStore store, HandleRing ring, Sender sender, Receipts receipts, Timeline timeline) {
    try (var _ = new Recorder(store, receipts::liveBytes, timeline)) {
      long nanos;
      try (var _ = store.startLifecycle()) {
        long start = System.nanoTime();
        deliver(store, ring, sender, receipts);
        nanos = System.nanoTime() - start;
        settle(store, store.config().pageSize());
      }
      // Only a cycle hands events over, and no other one comes.
      store.maintain();
      return nanos;
    }
  }

  /** Sends everything and returns when the consumers have taken it. */
  private void deliver(PinnedStore store, HandleRing ring, Sender sender, Receipts receipts) {
    AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
    // Closing the executor waits for the consumers.
    try (ExecutorService threads = Executors.newThreadPerTaskExecutor(THREADS)) {
      try {
        for (int i = 0; i < consumers; i++) {
          PieceChecksum checksum = surroundings.checksums().get();
          Verifier verifier = new Verifier(store, ring, checksum, receipts, files, screen);
          threads.execute(() -> consume(verifier, ring, store, failure));
        }
        sender.send(files);
      } finally {
        ring.end();
      }
    } catch (RuntimeException e) {
      failure.compareAndSet(null, e);
    }
    RuntimeException first = failure.get();
    if (first != null) {
      throw first;
    }
  }

  /** A consumer that fails ends every wait of the others: in the ring, and in the store. */
  private static void consume(
      Verifier verifier,
      HandleRing ring,
      PinnedStore store,
      AtomicReference<@Nullable RuntimeException> failure) {
    try {
      verifier.consume();
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(
          null, e instanceof RuntimeException it ? it : new IllegalStateException("failed", e));
      ring.cancel();
      store.close();
    }
  }

  /** Names the files of which not all that was sent was verified, and counts them. */
  static int incompleteFiles(FileList files, Receipts receipts, Screen screen) {
    int incomplete = 0;
    for (int file = 0; file < files.files().size(); file++) {
      long sent = receipts.sentBytes(file);
      long verified = receipts.verifiedBytes(file);
      if (sent != verified) {
        incomplete++;
        screen.problem(
            files.files().get(file) + ": " + verified + " of " + sent + " bytes verified");
      }
    }
    return incomplete;
  }

  /** Waits until idle pages have gone back and no more go, but not for ever. */
  static void settle(PinnedStore store, long pageBytes) {
    long goal = PAGES_KEPT * pageBytes;
    long start = System.nanoTime();
    long committed = store.stats().committedBytes();
    long before;
    do {
      before = committed;
      LockSupport.parkNanos(POLL_NANOS);
      committed = store.stats().committedBytes();
    } while ((committed > goal || committed != before)
        && System.nanoTime() - start < LONGEST_SETTLING_NANOS);
  }

  private void end(PinnedStore store) {
    store.close();
    screen.clearBar();
  }
}
