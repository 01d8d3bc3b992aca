package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Blobs that cross pages expire with the page in which they begin. */
class VirtualBackendExpiryTest {
  private static final int PAGE = Rig.PAGE;
  private static final Duration TTL = Duration.ofMillis(100);
  private static final Duration MILLI = Duration.ofMillis(1);

  @Test
  void aSpanExpiresOnceAndGivesAllItsPagesBack() {
    try (Rig rig = Rig.virtualExpiring(4, TTL)) {
      Blob span = rig.append(3 * PAGE + 64);
      rig.nanos.advance(TTL);
      assertThat(rig.backend.expire()).isZero();
      assertThat(rig.resolve(span)).isEqualTo(span.bytes());
      rig.nanos.advance(MILLI);
      assertThat(rig.check(span)).isEqualTo(Codes.STALE);
      assertThat(rig.view(span)).isNull();
      assertThat(rig.acknowledge(span)).isEqualTo(Codes.STALE);
      assertThat(rig.backend.expire()).as("pages in which blobs began").isEqualTo(1);
      assertThat(rig.backend.expire()).isZero();
      rig.assertAllIsBack();
      assertThat(rig.append(4 * PAGE).pageId()).isZero();
    }
  }

  @Test
  void aViewedSpanThatExpiresKeepsItsPagesUntilItsViewIsDead() {
    try (Rig rig = Rig.virtualExpiring(4, TTL)) {
      Blob span = rig.append(2 * PAGE);
      MemorySegment view = Objects.requireNonNull(rig.view(span));
      rig.nanos.advance(TTL.plus(MILLI));
      assertThat(rig.backend.expire()).isEqualTo(1);
      assertThat(rig.events.emptied).hasValue(0);
      assertThat(view.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(span.bytes());
      rig.assertAllIsBack();
      assertThatThrownBy(() -> view.get(ValueLayout.JAVA_BYTE, 0))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aYoungerBlobInTheFirstPageDoesNotDieWithALaterPage() {
    try (Rig rig = Rig.virtualExpiring(4, TTL)) {
      Blob first = rig.append(PAGE - 64);
      rig.nanos.advance(TTL);
      Blob span = rig.append(PAGE);
      rig.nanos.advance(MILLI);
      assertThat(rig.backend.expire()).isZero();
      assertThat(rig.check(first)).as("kept by the younger one").isEqualTo(Codes.LIVE);
      Blob last = rig.append(32);
      assertThat(last.pageId()).isEqualTo(1);
      rig.nanos.advance(TTL);
      assertThat(rig.backend.expire()).as("the first page alone").isEqualTo(1);
      assertThat(rig.check(span)).isEqualTo(Codes.ACKNOWLEDGED);
      assertThat(rig.resolve(last)).isEqualTo(last.bytes());
      rig.acknowledge(last);
      rig.assertAllIsBack();
    }
  }

  @Test
  void aSpanSurvivesTheSweepOfItsLastPage() {
    try (Rig rig = Rig.virtualExpiring(4, TTL)) {
      long place = rig.backend.reserve(PAGE + 64, rig.clock.exactMillis());
      rig.nanos.advance(TTL.plus(MILLI));
      assertThat(rig.backend.expire()).as("reserved").isZero();
      long millis = rig.clock.exactMillis();
      byte[] bytes = Blob.bytes(9, PAGE + 64);
      rig.backend.publish(place, bytes, 0, bytes.length, millis);
      Blob span = new Blob(0, 0, bytes.length, rig.backend.generation(0), millis, bytes);
      assertThat(rig.backend.expire()).isZero();
      assertThat(rig.resolve(span)).isEqualTo(bytes);
      assertThat(rig.acknowledge(span)).isEqualTo(Codes.LIVE);
      rig.assertAllIsBack();
    }
  }

  @Test
  void theSweepAndAnAcknowledgerReleaseASpanOnce() {
    try (Rig rig = Rig.virtualExpiring(4, TTL)) {
      Blob span = rig.append(3 * PAGE);
      rig.nanos.onNextRead(
          () -> {
            rig.nanos.advance(TTL.plus(MILLI));
            assertThat(rig.backend.expire()).isEqualTo(1);
          });
      assertThat(rig.acknowledge(span)).isIn(Codes.STALE, Codes.ACKNOWLEDGED);
      assertThat(rig.events.emptied).hasValue(3);
      rig.assertAllIsBack();
    }
  }
}
