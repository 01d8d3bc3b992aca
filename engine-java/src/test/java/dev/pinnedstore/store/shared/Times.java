package dev.pinnedstore.store.shared;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.store.shared.OriginalLayout.Header;
import java.time.Duration;

/** How the wall-clock fields of our files compare with the original's. */
final class Times {
  /** A coarse clock reads a little behind; a wrong unit or origin is further away. */
  private static final long SLACK_MILLIS = Duration.ofMinutes(1).toMillis();

  private Times() {}

  /** Set where the original's are: kept as they are, or of now, and in the same order. */
  static void assertLike(Header header, Header expected, long startMillis) {
    assertTime(header.firstWriteMillis(), expected.firstWriteMillis(), startMillis);
    assertTime(header.emptySinceMillis(), expected.emptySinceMillis(), startMillis);
    if (expected.emptySinceMillis() != 0) {
      assertThat(header.emptySinceMillis()).isGreaterThanOrEqualTo(header.firstWriteMillis());
    }
  }

  private static void assertTime(long time, long expected, long startMillis) {
    if (expected == 0) {
      assertThat(time).isZero();
    } else if (time != expected) {
      assertThat(time)
          .isBetween(startMillis - SLACK_MILLIS, System.currentTimeMillis() + SLACK_MILLIS);
    }
  }
}
