package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A loop that reads a view and allocates, compiled, while the view's page goes. A child, since what
 * it guards against ends the JVM: closing a shared Arena must reach such a loop too.
 */
@Tag("slow")
@Disabled(
    "Java 25 itself does not stop such a loop when an Arena closes (JDK-8364167); enable it on a"
        + " JDK that does")
class KeptViewTest {

  @ParameterizedTest
  @ValueSource(strings = {"--enable-native-access=ALL-UNNAMED", "--illegal-native-access=deny"})
  void aLoopOverAViewEndsWithItAndSeesNoOtherBytes(String access) throws Exception {
    String options = access + " -Xmx64m -Xmn2m";
    Process process =
        new ProcessBuilder("sh", "-c", ChildStore.command(options, "read", "20000"))
            .redirectErrorStream(true)
            .start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    assertThat(printed.strip()).as("views that showed other bytes").endsWith("0").hasSize(1);
  }
}
