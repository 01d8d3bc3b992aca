package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class ReportTest {
  @Test
  void everyBackendHasAColumn() {
    Histogram appendNanos = new Histogram(1_000_000_000, 3);
    for (int i = 1; i <= 1000; i++) {
      appendNanos.recordValue(i);
    }
    FileList files = new FileList(Path.of("/jdk"), List.of(), 0, 0);

    String report =
        Report.of(
            files,
            2,
            List.of(
                Outcomes.of(316_250_000, 430_000_000, appendNanos),
                Outcomes.of(0, 1_000_000, new Histogram(1_000, 3))));

    assertThat(report.lines())
        .containsExactly(
            "Delivered files below /jdk to 2 consumers",
            "",
            "                  segmented  segmented",
            "files                   193        193",
            "bytes             301.6 MiB        0 B",
            "blobs                 1,374      1,374",
            "verified              1,374      1,374",
            "unreadable                2          2",
            "seconds                0.43       0.00",
            "GB/s                   0.74          -",
            "append p50           500 ns          -",
            "append p99           990 ns          -",
            "append p99.9         999 ns          -",
            "append max           1.0 us          -",
            "memory limit       32.0 MiB   32.0 MiB",
            "waits for room            3          3",
            "pages made               18         18",
            "pages reused          1,304      1,304",
            "pages given back         17         17",
            "committed, peak    18.0 MiB   18.0 MiB",
            "committed, final    1.0 MiB    1.0 MiB",
            "",
            "seconds: to read, checksum, append, view in place, checksum and acknowledge it all",
            "append: one call of up to 256.0 KiB, from the first on, without the waits for room");
  }

  @Test
  void whatBecameOfProcessesIsShownWhereThereWereSome() {
    FileList files = new FileList(Path.of("/jdk"), List.of(), 0, 0);
    Outcome between = Outcomes.between(new Processes(7, 3, 41, 0, 0));

    assertThat(Report.of(files, 2, List.of(Outcomes.of(1, 1, new Histogram(1_000, 3)), between)))
        .contains(
            """
            committed, final    1.0 MiB    1.0 MiB
            consumers killed          -          7
            producers killed          -          3
            re-delivered              -         41
            blobs lost                -          0
            files left                -          0
            """);
  }

  @Test
  void filesThatAreLeftAreAFailure() {
    Outcome outcome = Outcomes.between(new Processes(0, 0, 0, 0, 2));

    assertThat(outcome.isComplete()).isFalse();
    assertThat(outcome.failure()).isEqualTo("segmented: 2 files are left of the store");
  }

  @Test
  void oneConsumerIsNotPlural() {
    FileList files = new FileList(Path.of("/jdk"), List.of(), 0, 0);

    assertThat(Report.of(files, 1, List.of()))
        .startsWith("Delivered files below /jdk to 1 consumer\n");
  }
}
