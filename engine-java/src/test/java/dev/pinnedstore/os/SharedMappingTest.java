package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file that processes share, mapped; in both tiers. */
@Tag("contract")
class SharedMappingTest {
  private static final int BYTES = 8192;

  @TempDir Path directory;

  @Test
  void anAliasNeverShowsAnotherFileThatHasTheNameAndTheLength() throws Exception {
    Path path = directory.resolve("file");
    assertThat(SharedFiles.create(path, BYTES, BYTES, new byte[] {1})).isTrue();
    SharedMapping mapping = SharedFiles.map(path, BYTES);
    assertThat(SharedFiles.delete(path)).isTrue();
    assertThat(SharedFiles.create(path, BYTES, BYTES, new byte[] {2})).isTrue();
    try (Arena arena = Arena.ofShared()) {
      if (NativeTier.current() == NativeTier.GRANTED) {
        assertThat(mapping.alias(0, BYTES, arena).get(JAVA_BYTE, 0)).isEqualTo((byte) 1);
      } else {
        assertThatThrownBy(() -> mapping.alias(0, BYTES, arena))
            .isInstanceOf(AliasFailedException.class)
            .hasMessageContaining("another file");
      }
    }
    assertThat(mapping.close()).isTrue();
  }
}
