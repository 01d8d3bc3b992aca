package dev.pinnedstore.benchmarks.run;

import java.util.Map;

/** What a reader must know of a comparison. */
final class Notes {
  static final String LATENCY =
      "4 KiB, 100,000 in a second, while another thread consumes. Every append has a time at which"
          + " it is due, and its latency counts from there, so what one waits for another is in it."
          + " copy: into a warm ring, with the same hand-over. heap: arrays, left to the"
          + " collector.";
  static final String GROWTH_LATENCY =
      "4 KiB, nothing is acknowledged, at 0.7 of what the kernel handed out just before, as 2 MiB"
          + " pages made resident by one thread.";
  static final String COLLECTOR =
      "CPU time of the whole process holds that of the collector's threads, the compiler's and the"
          + " lifecycle's. Page faults are those of the whole process.";

  private static final Map<String, String> NOTES =
      Map.of(
          Comparisons.HAND_OVER,
          "Steady state, the lifecycle runs. The second line is the store's own loop with a plain"
              + " copy in its place: what it costs by itself to hand 24 bytes from one processor to"
              + " another. The readers of the store and of that line touch handles only, those of"
              + " the queues the messages.",
          Comparisons.ONE_THREAD,
          "The same number of blobs is kept everywhere. Rings and queues keep blobs in order and"
              + " none longer than another; the heap's time is without the collector's, which is in"
              + " the last table. Chronicle Queue keeps everything, so it always writes fresh"
              + " memory.",
          Comparisons.TWO_THREADS,
          "Two threads on one store, each acknowledging its own blobs, beside two threads that copy"
              + " into a ring each. CPU time of these threads per operation; the lifecycle's is not"
              + " in it.",
          Comparisons.ACKNOWLEDGE,
          "64 blobs that were just appended, in the order of their appends, on the same thread.",
          Comparisons.GROWTH,
          "Grow: an empty store is filled as fast as it goes, while its lifecycle makes pages."
              + " Reuse: the same store, filled once more after everything was acknowledged. The"
              + " ceiling of shared memory is the second line.",
          Comparisons.CONTENTION,
          "Each change of a word that another processor changed last waits for its cache line. Two"
              + " threads; the time is that of one change by one of them.",
          Comparisons.PROCESSES,
          "Each writer hands its handles to a reader process that acknowledges them. CPU time of"
              + " the writing threads, since three processes share the processors.");

  private Notes() {}

  static String of(String group) {
    return NOTES.getOrDefault(group, "");
  }
}
