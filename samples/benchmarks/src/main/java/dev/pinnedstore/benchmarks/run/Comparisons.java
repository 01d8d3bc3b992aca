package dev.pinnedstore.benchmarks.run;

import com.google.gson.JsonObject;
import dev.pinnedstore.benchmarks.run.Bar.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.TreeSet;

/** What is shown beside what. */
final class Comparisons {
  static final String HAND_OVER = "Append, another thread takes it";
  static final String ONE_THREAD = "One blob in, an older one read and dropped, one thread";
  static final String APPEND_ACKNOWLEDGE = "Append and acknowledge, one thread";
  static final String TWO_THREADS = "Append and acknowledge, two threads, CPU time of both";
  static final String VIEW = "View and one byte read";
  static final String RESOLVE = "Resolve: a copy out";
  static final String ACKNOWLEDGE = "Acknowledge";
  static final String GROWTH = "1 MiB of growth, from empty";
  static final String CONTENTION = "A word that two processors change";
  static final String PROCESSES = "Writer processes, CPU time of an append";

  static final List<String> BACKENDS = List.of("segmented", "virtual", "shared");

  private final Results results;
  private final List<Comparison> all = new ArrayList<>();

  private Comparisons(Results results) {
    this.results = results;
  }

  /** All for which there are figures. */
  static List<Comparison> of(Results results) {
    Comparisons comparisons = new Comparisons(results);
    comparisons.handOver();
    comparisons.oneThread();
    comparisons.appendAcknowledge();
    comparisons.twoThreads();
    comparisons.handles();
    comparisons.growth();
    comparisons.processes();
    comparisons.contention();
    return comparisons.all;
  }

  /** Bars of one comparison, in the making. */
  private final class Maker {
    private final List<Bar> bars = new ArrayList<>();
    private final long size;

    Maker(long size) {
      this.size = size;
    }

    Maker jmh(String label, Kind kind, String benchmark, int threads, String... params) {
      String[] sized = sized(params);
      results
          .figure(benchmark, threads, sized)
          .ifPresent(it -> bars.add(new Bar(label, kind, it.score(), it.error())));
      return this;
    }

    Maker backends(String benchmark, int threads, String... params) {
      for (String backend : BACKENDS) {
        String[] more = Arrays.copyOf(params, params.length + 2);
        more[params.length] = "backend";
        more[params.length + 1] = backend;
        jmh("store, " + backend, Kind.STORE, benchmark, threads, more);
      }
      return this;
    }

    private String[] sized(String... params) {
      if (size == 0) {
        return params;
      }
      String[] sized = Arrays.copyOf(params, params.length + 2);
      sized[params.length] = "size";
      sized[params.length + 1] = Long.toString(size);
      return sized;
    }

    Maker bar(String label, Kind kind, OptionalDouble value) {
      value.ifPresent(it -> bars.add(new Bar(label, kind, it, Double.NaN)));
      return this;
    }

    void add(String group) {
      if (bars.stream().anyMatch(it -> it.kind() != Kind.CEILING)) {
        all.add(new Comparison(group, size, bars));
      }
    }
  }

  private void handOver() {
    for (int size : sizes("AppendBenchmark.append", "HandOverBenchmark.aeronIpc")) {
      new Maker(size)
          .jmh("copy into a warm ring", Kind.CEILING, "AppendBenchmark.copyIntoWarmRing", 1)
          .jmh("the same, handed over", Kind.CEILING, "AppendBenchmark.copyAndHandOver", 1)
          .backends("AppendBenchmark.append", 1)
          .jmh("Agrona ring", Kind.PEER, "HandOverBenchmark.agronaRing", 1)
          .jmh("Aeron IPC", Kind.PEER, "HandOverBenchmark.aeronIpc", 1)
          .add(HAND_OVER);
    }
  }

  private void oneThread() {
    for (int size : sizes("PeersBenchmark.pinnedStore")) {
      new Maker(size)
          .jmh("copy into a warm ring", Kind.CEILING, "PeersBenchmark.warmRing", 1)
          .backends("PeersBenchmark.pinnedStore", 1)
          .jmh("Agrona ring", Kind.PEER, "QueuePeersBenchmark.agronaRing", 1)
          .jmh("Netty adaptive", Kind.PEER, "PooledPeersBenchmark.nettyAdaptive", 1)
          .jmh("Netty pooled", Kind.PEER, "PooledPeersBenchmark.nettyPooled", 1)
          .jmh("Arrow", Kind.PEER, "PooledPeersBenchmark.arrow", 1)
          .jmh("byte[] on the heap", Kind.PEER, "PeersBenchmark.heapArrays", 1)
          .jmh("Arena.ofConfined each", Kind.PEER, "PeersBenchmark.confinedArenas", 1)
          .jmh("Arena.ofShared each", Kind.PEER, "PeersBenchmark.sharedArenas", 1)
          .jmh("allocateDirect each", Kind.PEER, "PeersBenchmark.directBuffers", 1)
          .jmh("Chronicle Queue", Kind.PEER, "QueuePeersBenchmark.chronicleQueue", 1)
          .add(ONE_THREAD);
    }
  }

  private void appendAcknowledge() {
    for (int size : sizes("AppendBenchmark.appendAcknowledge")) {
      new Maker(size)
          .jmh("copy into a warm ring", Kind.CEILING, "AppendBenchmark.copyIntoWarmRing", 1)
          .backends("AppendBenchmark.appendAcknowledge", 1)
          .add(APPEND_ACKNOWLEDGE);
    }
  }

  private void twoThreads() {
    for (int size : sizes("AppendBenchmark.appendAcknowledge")) {
      Maker maker =
          new Maker(size)
              .bar(
                  "copy into two warm rings",
                  Kind.CEILING,
                  cpu("AppendBenchmark.copyIntoWarmRing", "size", "" + size));
      for (String backend : BACKENDS) {
        maker.bar(
            "store, " + backend,
            Kind.STORE,
            cpu("AppendBenchmark.appendAcknowledge", "size", "" + size, "backend", backend));
      }
      maker.add(TWO_THREADS);
    }
  }

  private OptionalDouble cpu(String benchmark, String... params) {
    return results.more("cpu.workers", benchmark, 2, params);
  }

  private void handles() {
    for (int size : sizes("HandleBenchmark.view")) {
      new Maker(size)
          .jmh("read a segment at hand", Kind.CEILING, "HandleBenchmark.readSegment", 1)
          .backends("HandleBenchmark.view", 1)
          .add(VIEW);
    }
    for (int size : sizes("HandleBenchmark.resolve")) {
      new Maker(size)
          .jmh("copy out of a segment", Kind.CEILING, "HandleBenchmark.copyOut", 1)
          .backends("HandleBenchmark.resolve", 1)
          .add(RESOLVE);
    }
    for (int size : sizes("AcknowledgeBenchmark.acknowledge")) {
      new Maker(size).backends("AcknowledgeBenchmark.acknowledge", 1).add(ACKNOWLEDGE);
    }
  }

  private void growth() {
    Maker maker = new Maker(0);
    maker.bar("the kernel's pages", Kind.CEILING, growth("GrowthBenchmark.populate"));
    maker.bar("pages of a file", Kind.CEILING, growth("GrowthBenchmark.populateFile"));
    for (String backend : BACKENDS) {
      maker.bar("grow, " + backend, Kind.STORE, growth("GrowthBenchmark.grow", "backend", backend));
    }
    for (String backend : BACKENDS) {
      maker.bar(
          "reuse, " + backend, Kind.STORE, growth("GrowthBenchmark.reuse", "backend", backend));
    }
    maker.add(GROWTH);
  }

  private OptionalDouble growth(String benchmark, String... params) {
    return results
        .figure(benchmark, 1, params)
        .filter(it -> it.params().containsKey("bytes"))
        .stream()
        .mapToDouble(
            it -> it.score() * 1e6 * (1 << 20) / Double.parseDouble(it.params().get("bytes")))
        .findFirst();
  }

  private void processes() {
    TreeSet<Integer> sizes = new TreeSet<>();
    results.program("processes").forEach(it -> sizes.add(it.get("size").getAsInt()));
    for (int size : sizes) {
      Maker maker = new Maker(size);
      for (int writers = 1; writers <= 2; writers++) {
        String many = writers + (writers == 1 ? " process: " : " processes: ");
        maker.bar(many + "copy", Kind.CEILING, process("copy", writers, size));
        maker.bar(writers + ": handed over", Kind.CEILING, process("handOver", writers, size));
        maker.bar(writers + ": store", Kind.STORE, process("writer", writers, size));
      }
      maker.add(PROCESSES);
    }
  }

  private OptionalDouble process(String kind, int writers, int size) {
    return results.program("processes").stream()
        .filter(it -> it.get("kind").getAsString().equals(kind))
        .filter(it -> it.get("writers").getAsInt() == writers && it.get("size").getAsInt() == size)
        .mapToDouble(Comparisons::cpuOf)
        .findFirst();
  }

  private static double cpuOf(JsonObject result) {
    return result.get("cpuNanosPerOperation").getAsDouble();
  }

  private void contention() {
    Maker maker = new Maker(0);
    for (String what : List.of("getAndAdd", "compareAndSet")) {
      String benchmark = "ContentionBenchmark." + what;
      maker
          .jmh(what + ", alone", Kind.CEILING, benchmark + "Alone", 1)
          .jmh(what + ", a line each", Kind.PEER, benchmark + "TwoLines", 2)
          .jmh(what + ", one line", Kind.PEER, benchmark + "OneLine", 2);
    }
    maker.add(CONTENTION);
  }

  private List<Integer> sizes(String... benchmarks) {
    TreeSet<Integer> sizes = new TreeSet<>();
    for (String benchmark : benchmarks) {
      sizes.addAll(results.sizes(benchmark));
    }
    return List.copyOf(sizes);
  }
}
