package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CourierArgumentsTest {
  private static final String SIZES =
      ": must be a number of bytes between 1 and 9223372036854775807,"
          + " or one with KiB, MiB or GiB behind it";

  @TempDir Path directory;
  private final Stage stage = new Stage();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "-1",
        "1.5MiB",
        "1MB",
        "many",
        "''",
        "9223372036854775808",
        "9999999999GiB",
        "MiB"
      })
  void aWrongLimitIsNamedWithItsLegalRange(String limit) {
    String value = limit.equals("''") ? "" : limit;

    refuses("--limit=" + value + SIZES, "--limit", value);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 65})
  void aWrongNumberOfConsumersIsNamedWithItsLegalRange(int consumers) {
    refuses(
        "--consumers=" + consumers + ": must be between 1 and 64",
        "--consumers",
        String.valueOf(consumers));
  }

  @Test
  void aNumberOfConsumersThatIsNoNumberIsRefused() {
    refuses("Invalid value for option '--consumers': 'two' is not an int", "--consumers", "two");
  }

  @Test
  void anUnknownBackendIsNamedWithTheKnownOnes() {
    refuses(
        "--backend=paper: must be one of segmented, virtual, shared, all", "--backend", "paper");
  }

  @Test
  void aMissingDirectoryIsAUsageError() {
    Path missing = directory.resolve("missing");

    refuses("--dir=" + missing + ": must be an existing directory", "--dir", missing.toString());
  }

  @Test
  void aFileInPlaceOfADirectoryIsAUsageError() throws IOException {
    Path file = Bytes.file(directory.resolve("file"), 1);

    refuses("--dir=" + file + ": must be an existing directory", "--dir", file.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "--limit, Missing required parameter for option '--limit' (BYTES)",
    "--fast, Unknown option: '--fast'",
    "here, Unmatched argument at index 0: 'here'"
  })
  void whatIsNoOptionIsRefused(String argument, String message) {
    refuses(message, argument);
  }

  @Test
  void helpGoesToStandardOutput() {
    assertThat(stage.run("--help")).isZero();
    assertThat(stage.out()).contains("Usage: courier", "--dir", "--backend", "--consumers");
    assertThat(stage.err()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"segmented", "all"})
  void aBackendIsChosenByName(String name) {
    assertThat(stage.run("--dir", directory.toString(), "--backend", name)).isZero();
    assertThat(stage.figure("")).isEqualTo("segmented");
  }

  @Test
  void withoutArgumentsTheHomeOfTheJdkIsDelivered() {
    assertThat(stage.run("--limit", "1MiB")).isZero();
    assertThat(stage.out()).contains(System.getProperty("java.home"));
    assertThat(stage.figure("bytes")).isEqualTo("1.0 MiB");
  }

  private void refuses(String message, String... args) {
    assertThat(stage.run(args)).isEqualTo(2);
    assertThat(stage.err()).startsWith(message).contains("Usage: courier");
    assertThat(stage.out()).isEmpty();
  }
}
