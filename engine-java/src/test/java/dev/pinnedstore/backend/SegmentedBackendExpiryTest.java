package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SegmentedBackendExpiryTest {
  private static final Duration TTL = Duration.ofMillis(100);
  private static final Duration MILLI = Duration.ofMillis(1);

  @Test
  void aBlobLivesForItsTtlAndNotOneMillisecondMore() {
    try (Rig rig = Rig.expiring(2, TTL)) {
      Blob blob = rig.append(64);
      rig.nanos.advance(TTL);
      assertThat(rig.check(blob)).isEqualTo(Codes.LIVE);
      assertThat(rig.view(blob)).isNotNull();
      assertThat(rig.backend.expire()).isZero();
      rig.nanos.advance(MILLI);
      assertThat(rig.check(blob)).isEqualTo(Codes.STALE);
      assertThat(rig.view(blob)).isNull();
      assertThat(rig.resolve(blob)).isNull();
      assertThat(rig.acknowledge(blob)).isEqualTo(Codes.STALE);
    }
  }

  @Test
  void theNewestBlobKeepsItsWholePage() {
    try (Rig rig = Rig.expiring(2, TTL)) {
      Blob old = rig.append(64);
      rig.nanos.advance(TTL);
      Blob young = rig.append(64);
      assertThat(young.pageId()).isEqualTo(old.pageId());
      rig.nanos.advance(TTL);
      assertThat(rig.check(old)).isEqualTo(Codes.LIVE);
      assertThat(rig.backend.expire()).isZero();
      rig.nanos.advance(MILLI);
      assertThat(rig.check(young)).isEqualTo(Codes.STALE);
      assertThat(rig.backend.expire()).isEqualTo(1);
      assertThat(rig.backend.stats().liveBlobs()).isZero();
    }
  }

  @Test
  void anAcknowledgementWhosePageGetsAYoungerBlobMeanwhileIsDone() {
    try (Rig rig = Rig.expiring(2, TTL)) {
      long place = rig.reserve(64);
      Blob old = rig.append(64);
      rig.nanos.advance(TTL.plus(MILLI));
      // It is judged expired by the first look at the time; the second one makes it live.
      Runnable publish = () -> rig.backend.publish(place, 64, rig.clock.exactMillis());
      rig.nanos.onNextRead(() -> rig.nanos.onNextRead(publish));
      assertThat(rig.acknowledge(old)).isEqualTo(Codes.LIVE);
      assertThat(rig.check(old)).isEqualTo(Codes.ACKNOWLEDGED);
      assertThat(rig.backend.stats().liveBlobs()).isEqualTo(1);
    }
  }

  @Test
  void anExpiredPageIsEmptiedOnceAndReused() {
    try (Rig rig = Rig.expiring(2, TTL)) {
      Blob blob = rig.append(64);
      Blob acknowledged = rig.append(64);
      rig.acknowledge(acknowledged);
      rig.nanos.advance(TTL.plus(MILLI));
      assertThat(rig.backend.expire()).isEqualTo(1);
      assertThat(rig.backend.expire()).isZero();
      assertThat(rig.events.expired).hasValue(1);
      assertThat(rig.events.emptied).hasValue(1);
      rig.backend.recycle(true);
      Blob next = rig.append(64);
      assertThat(next.pageId()).isEqualTo(blob.pageId());
      assertThat(rig.check(next)).isEqualTo(Codes.LIVE);
    }
  }

  @Test
  void aFreshBlobDoesNotJoinAPageThatHasExpired() {
    try (Rig rig = Rig.expiring(2, TTL)) {
      Blob old = rig.append(64);
      rig.nanos.advance(TTL.plus(MILLI));
      Blob fresh = rig.append(64);
      assertThat(fresh.pageId()).isNotEqualTo(old.pageId());
      assertThat(rig.check(old)).as("not revived").isEqualTo(Codes.STALE);
      assertThat(rig.backend.expire()).isEqualTo(1);
      assertThat(rig.check(fresh)).isEqualTo(Codes.LIVE);
    }
  }

  @Test
  void reservedSpaceIsNotTakenFromItsWriter() {
    try (Rig rig = Rig.expiring(1, TTL)) {
      long place = rig.backend.reserve(64, rig.clock.exactMillis());
      rig.nanos.advance(TTL.multipliedBy(3));
      assertThat(rig.backend.expire()).isZero();
      rig.settle();
      assertThat(rig.tryAppend(Rig.PAGE)).isEqualTo(Codes.FULL_PAGES);
      long millis = rig.clock.exactMillis();
      rig.backend.publish(place, 64, millis);
      int generation = rig.backend.generation(0);
      assertThat(rig.backend.check(0, 0, 64, generation, millis)).isEqualTo(Codes.LIVE);
      assertThat(rig.backend.acknowledge(0, 0, 64, generation, millis)).isEqualTo(Codes.LIVE);
      rig.append(Rig.PAGE);
    }
  }

  @Test
  void aLargeBlobExpiresLikeAnyOther() {
    try (Rig rig = Rig.expiring(4, TTL)) {
      Blob large = rig.append(2 * Rig.PAGE);
      rig.nanos.advance(TTL.plus(MILLI));
      assertThat(rig.backend.expire()).isEqualTo(1);
      rig.backend.recycle(true);
      assertThat(rig.append(2 * Rig.PAGE).pageId()).isEqualTo(large.pageId());
    }
  }

  @Test
  void withoutATtlNothingExpires() {
    try (Rig rig = new Rig(2)) {
      Blob blob = rig.append(64);
      rig.nanos.advance(Duration.ofDays(10_000));
      assertThat(rig.backend.expire()).isZero();
      assertThat(rig.check(blob)).isEqualTo(Codes.LIVE);
    }
  }
}
