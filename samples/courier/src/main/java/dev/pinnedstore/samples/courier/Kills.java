package dev.pinnedstore.samples.courier;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How often children are killed while they work.
 *
 * @param consumerEvery the time between two kills of a consumer; null for never
 * @param producerEvery the time between two kills of the producer; null for never
 */
record Kills(@Nullable Duration consumerEvery, @Nullable Duration producerEvery) {
  static final Kills NONE = new Kills(null, null);

  private static final Duration DEFAULT_TTL = Duration.ofSeconds(30);
  private static final Duration SHORTEST_TTL = Duration.ofSeconds(5);

  boolean any() {
    return consumerEvery != null || producerEvery != null;
  }

  /**
   * How long blobs live that nobody takes: a producer that is killed between an append and the
   * message about it leaves one that nobody knows of, and its chunk. At most half of the chunks may
   * be held up so.
   */
  Duration ttl() {
    if (producerEvery == null) {
      return DEFAULT_TTL;
    }
    Duration most = producerEvery.multipliedBy(SharedPlan.CHUNKS / 2);
    Duration bounded = most.compareTo(SHORTEST_TTL) < 0 ? SHORTEST_TTL : most;
    return bounded.compareTo(DEFAULT_TTL) < 0 ? bounded : DEFAULT_TTL;
  }
}
