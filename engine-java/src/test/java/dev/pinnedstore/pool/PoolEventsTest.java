package dev.pinnedstore.pool;

import static dev.pinnedstore.pool.PoolTest.create;
import static dev.pinnedstore.pool.PoolTest.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import jdk.jfr.Configuration;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Java Flight Recorder sees of a pool, with the profile that comes with it. */
class PoolEventsTest {
  @TempDir private Path directory;

  @Test
  void aRecordingHoldsTransfersAndWaits() throws Exception {
    Path file = directory.resolve("pool.jfr");
    try (Recording recording = new Recording(profile())) {
      recording.start();
      try (BufferPool pool = PoolTest.small(2).latchTimeout(Duration.ofMillis(1)).build()) {
        for (int i = 0; i < 4; i++) {
          create(pool, i);
        }
        read(pool, 0);
        try (PageGuard first = pool.pinExclusive(0);
            PageGuard second = pool.pinExclusive(1)) {
          assertThatThrownBy(() -> pool.pin(first.pageId()))
              .isInstanceOf(LatchTimeoutException.class);
          assertThatThrownBy(() -> pool.pin(second.pageId() + 1))
              .isInstanceOf(PoolExhaustedException.class);
        }
      }
      recording.stop();
      recording.dump(file);
    }
    Map<String, RecordedEvent> seen = new HashMap<>();
    for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
      seen.putIfAbsent(event.getEventType().getName(), event);
    }
    assertThat(seen)
        .containsKeys(
            "dev.pinnedstore.PagesRead",
            "dev.pinnedstore.PagesWritten",
            "dev.pinnedstore.LatchWait",
            "dev.pinnedstore.PoolExhausted");
    RecordedEvent written = seen.get("dev.pinnedstore.PagesWritten");
    assertThat(written.getInt("pages")).isEqualTo(1);
    assertThat(written.getLong("bytes")).isEqualTo(4096);
    assertThat(written.getLong("pageId")).isZero();
    assertThat(written.getDuration()).isPositive();
  }

  private static Configuration profile() throws Exception {
    String name = "/dev/pinnedstore/pinnedstore.jfc";
    try (Reader reader =
        new InputStreamReader(
            Objects.requireNonNull(PoolEventsTest.class.getResourceAsStream(name), name),
            StandardCharsets.UTF_8)) {
      return Configuration.create(reader);
    }
  }
}
