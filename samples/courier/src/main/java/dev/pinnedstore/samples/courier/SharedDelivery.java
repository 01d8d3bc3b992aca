package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreConfig;
import dev.pinnedstore.store.StoreStats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Delivers files through a store that processes share: this one creates it, a child appends, others
 * consume, and handles go through pipes. Children may be killed while they work.
 */
final class SharedDelivery {
  /** With kills, files are sent again and again until so many of each kind have been killed. */
  private static final int LEAST_KILLS = 3;

  /** A process is more than a thread, and a namespace has places for 64. */
  static final int MOST_PROCESSES = 16;

  private static final ThreadFactory THREADS =
      Thread.ofPlatform().daemon().name("courier-link-", 1).factory();

  private final FileList files;
  private final int consumers;
  private final long limitBytes;
  private final Kills kills;
  private final Surroundings surroundings;
  private final Screen screen;

  SharedDelivery(
      FileList files,
      int consumers,
      long limitBytes,
      Kills kills,
      Surroundings surroundings,
      Screen screen) {
    this.files = files;
    this.consumers = Math.min(consumers, MOST_PROCESSES);
    this.limitBytes = limitBytes;
    this.kills = kills;
    this.surroundings = surroundings;
    this.screen = screen;
  }

  /** All that is known before the store is closed. */
  private record Run(
      ProducerLink producer,
      Receipts receipts,
      Processes processes,
      long nanos,
      StoreStats stats,
      Timeline timeline) {}

  /**
   * Creates a store, delivers, waits until idle memory has gone back, and closes the store.
   *
   * @throws CancellationException when the JVM was told to end
   */
  Outcome run(StoreConfig config) throws IOException {
    Crew crew = new Crew(config, surroundings.nativeAccess());
    Run run;
    try (PinnedStore store = PinnedStore.open(config);
        ShutdownGuard guard = new ShutdownGuard(() -> end(store, crew))) {
      try {
        run = run(store, crew);
      } catch (RuntimeException e) {
        if (guard.isTriggered()) {
          throw ShutdownGuard.ending(e);
        }
        throw e;
      } finally {
        crew.dismiss();
      }
    }
    return outcome(config, run, filesLeft((Backend.Shared) config.backend()));
  }

  private Run run(PinnedStore store, Crew crew) throws IOException {
    Receipts receipts = new Receipts(files.files().size());
    Timeline timeline = new Timeline();
    Dispatch dispatch = new Dispatch();
    LongAdder lost = new LongAdder();
    List<ConsumerLink> links = new ArrayList<>();
    for (int i = 0; i < consumers; i++) {
      links.add(new ConsumerLink(crew, dispatch, receipts, files, screen, lost));
    }
    try (Progress progress =
            new Progress(
                screen, store.config().backend().name(), Math.min(limitBytes, files.bytes()));
        var _ = new Recorder(store, receipts::liveBytes, timeline);
        var _ = store.startLifecycle()) {
      boolean repeats = kills.any() && files.bytes() > 0;
      ProducerLink producer =
          new ProducerLink(crew, dispatch, receipts, files, progress, screen, limitBytes, repeats);
      long start = System.nanoTime();
      Reaper reaper = new Reaper(producer, links);
      try (reaper) {
        deliver(producer, links, dispatch, crew);
      }
      long nanos = System.nanoTime() - start;
      Delivery.settle(store, ((Backend.Shared) store.config().backend()).chunkSize());
      // Only a cycle hands events over.
      store.maintain();
      Processes processes =
          new Processes(
              reaper.ofConsumers.kills(),
              reaper.ofProducer.kills(),
              dispatch.redelivered(),
              lost.sum(),
              0);
      return new Run(producer, receipts, processes, nanos, store.stats(), timeline);
    }
  }

  /** Sends everything and returns when the consumers have taken it and all children have ended. */
  private static void deliver(
      ProducerLink producer, List<ConsumerLink> links, Dispatch dispatch, Crew crew)
      throws IOException {
    List<Future<?>> ends = new ArrayList<>();
    try (ExecutorService threads = Executors.newThreadPerTaskExecutor(THREADS)) {
      try {
        for (ConsumerLink link : links) {
          ends.add(threads.submit(ending(link, dispatch, crew)));
        }
        producer.run();
        dispatch.end();
      } finally {
        if (!dispatch.isEnded()) {
          dispatch.cancel();
          crew.dismiss();
        }
      }
    }
    for (Future<?> end : ends) {
      rethrow(end);
    }
  }

  /** A consumer that fails ends the others, and the producer, which would wait for room. */
  private static Callable<@Nullable Void> ending(ConsumerLink link, Dispatch dispatch, Crew crew) {
    return () -> {
      boolean well = false;
      try {
        link.run();
        well = true;
      } finally {
        if (!well) {
          dispatch.cancel();
          crew.dismiss();
        }
      }
      return null;
    };
  }

  private static void rethrow(Future<?> end) throws IOException {
    try {
      end.get();
    } catch (InterruptedException e) {
      throw new CancellationException("interrupted");
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException it -> throw it;
        case RuntimeException it -> throw it;
        case null, default -> throw new IllegalStateException("failed", e);
      }
    }
  }

  /** Both killers. */
  private final class Reaper implements AutoCloseable {
    final Killer ofConsumers;
    final Killer ofProducer;
    private final ProducerLink producer;

    Reaper(ProducerLink producer, List<ConsumerLink> links) {
      this.producer = producer;
      List<Supplier<@Nullable Child>> victims = new ArrayList<>();
      links.forEach(link -> victims.add(link::child));
      this.ofConsumers = new Killer(kills.consumerEvery(), victims, this::look);
      this.ofProducer = new Killer(kills.producerEvery(), List.of(producer::child), this::look);
    }

    /** Lets the producer end when there were kills enough. */
    private void look() {
      boolean enough =
          (kills.consumerEvery() == null || ofConsumers.kills() >= LEAST_KILLS)
              && (kills.producerEvery() == null || ofProducer.kills() >= LEAST_KILLS);
      if (enough) {
        producer.stop();
      }
    }

    @Override
    public void close() {
      ofConsumers.close();
      ofProducer.close();
    }
  }

  private Outcome outcome(StoreConfig config, Run run, int filesLeft) {
    Processes seen = run.processes;
    return new Outcome(
        config,
        run.producer.files(),
        run.producer.bytes(),
        run.receipts.sentBlobs(),
        run.receipts.verifiedBlobs(),
        Delivery.incompleteFiles(files, run.receipts, screen),
        files.unreadable() + run.producer.unreadable(),
        run.nanos,
        run.producer.appendNanos(),
        run.producer.waits(),
        run.stats,
        run.timeline,
        new Processes(
            seen.consumersKilled(),
            seen.producersKilled(),
            seen.redelivered(),
            seen.lost(),
            filesLeft));
  }

  private static int filesLeft(Backend.Shared shared) throws IOException {
    Path directory = shared.directory();
    try (Stream<Path> all = Files.list(directory)) {
      return (int)
          all.filter(it -> it.getFileName().toString().startsWith(shared.namespace() + "_"))
              .count();
    }
  }

  private void end(PinnedStore store, Crew crew) {
    crew.dismiss();
    store.close();
    screen.clearBar();
  }
}
