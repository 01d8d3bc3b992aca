package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import jdk.jfr.Configuration;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Java Flight Recorder sees of a store, with the profile that comes with it. */
class FlightEventsTest {
  private static final String PROFILE = "/dev/pinnedstore/pinnedstore.jfc";

  @TempDir Path directory;

  @Test
  void theProfileEnablesEveryKindOfEvent() throws Exception {
    Set<String> enabled = new HashSet<>();
    profile()
        .getSettings()
        .forEach(
            (setting, value) -> {
              if (setting.endsWith("#enabled") && value.equals("true")) {
                enabled.add(setting.substring(0, setting.indexOf('#')));
              }
            });
    for (StoreEvent.Kind kind : StoreEvent.Kind.values()) {
      assertThat(enabled).contains("dev.pinnedstore." + camel(kind));
    }
  }

  @Test
  void aRecordingHoldsThePagesThatCameAndWent() throws Exception {
    Path file = directory.resolve("store.jfr");
    long[] now = {0};
    try (Recording recording = new Recording(profile())) {
      recording.start();
      StoreConfig config =
          StoreConfig.builder().pageSize(4096).maxPages(3).clock(() -> now[0]).build();
      try (PinnedStore store = PinnedStore.open(config)) {
        List<BlobHandle> handles =
            List.of(store.append(page()), store.append(page()), store.append(page()));
        assertThat(store.tryAppend(java.lang.foreign.MemorySegment.ofArray(page()))).isNull();
        handles.forEach(store::acknowledge);
        store.maintain();
        now[0] += Duration.ofDays(1).toNanos();
        store.maintain();
        now[0] += Duration.ofDays(1).toNanos();
        store.maintain();
      }
      recording.stop();
      recording.dump(file);
    }
    Set<String> seen = new HashSet<>();
    for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
      if (event.getEventType().getName().startsWith("dev.pinnedstore.")) {
        seen.add(event.getEventType().getName());
        assertThat(event.getString("store")).startsWith("pinned-store-");
        assertThat(event.getLong("bytes")).isEqualTo(4096);
      }
    }
    assertThat(seen)
        .contains(
            "dev.pinnedstore.PageMade",
            "dev.pinnedstore.Stall",
            "dev.pinnedstore.PageEmptied",
            "dev.pinnedstore.PageReused",
            "dev.pinnedstore.PageGivenBack",
            "dev.pinnedstore.StoreFull");
  }

  private static byte[] page() {
    return new byte[4096];
  }

  private static String camel(StoreEvent.Kind kind) {
    StringBuilder name = new StringBuilder();
    for (String word : kind.name().split("_")) {
      name.append(word.charAt(0)).append(word.substring(1).toLowerCase(java.util.Locale.ROOT));
    }
    return name.toString();
  }

  private static Configuration profile() throws Exception {
    try (Reader reader =
        new InputStreamReader(
            Objects.requireNonNull(FlightEventsTest.class.getResourceAsStream(PROFILE), PROFILE),
            StandardCharsets.UTF_8)) {
      return Configuration.create(reader);
    }
  }
}
