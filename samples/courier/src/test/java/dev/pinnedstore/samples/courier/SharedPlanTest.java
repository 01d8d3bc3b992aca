package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.store.Backend;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SharedPlanTest {
  private static final int PIECE = FileFeed.PIECE_BYTES;

  @TempDir Path directory;

  /** 64 MiB is what Docker gives a container. */
  @ParameterizedTest
  @CsvSource({"64, 4", "48, 2", "32, 2", "24, 1", "13, 1"})
  void chunksAreAsLargeAsFitsWithRoomToSpare(int freeMegabytes, int pieces) {
    SharedPlan plan = SharedPlan.fitting(directory, (long) freeMegabytes << 20);

    assertThat(plan.isPossible()).isTrue();
    Backend.Shared backend = plan.backend("orders");
    assertThat(backend.chunkSize() - 64).isGreaterThanOrEqualTo((long) pieces * PIECE);
    assertThat(backend.chunkSize()).isLessThan((long) pieces * PIECE + PIECE);
    assertThat(plan.maxBytes()).isLessThanOrEqualTo(((long) freeMegabytes << 20) / 3);
    assertThat(plan.maxBytes()).isEqualTo(SharedPlan.CHUNKS * backend.chunkSize());
    assertThat(backend.directory()).isEqualTo(directory);
  }

  @Test
  void tooLittleRoomIsSaidInFigures() {
    SharedPlan plan = SharedPlan.fitting(Path.of("/dev/shm"), 4 << 20);

    assertThat(plan.isPossible()).isFalse();
    assertThat(plan.refusal())
        .isEqualTo("needs 12.2 MiB in /dev/shm, which has 4.0 MiB left (Docker: --shm-size)");
  }

  @Test
  void aDirectoryThatIsNotThereIsNamed() {
    assertThat(SharedPlan.of(Path.of("/nowhere")).refusal())
        .isEqualTo("needs /nowhere, which is not there");
    assertThat(SharedPlan.of(directory).refusal()).isEmpty();
  }
}
