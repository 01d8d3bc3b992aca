package dev.pinnedstore.backend.shared;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.backend.Codes;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A chunk that is retired while somebody is at an acknowledgement in it. */
class RetireTest {
  private static final int SMALL = 20;

  @TempDir private Path directory;

  @Test
  void whatIsAcknowledgedStaysSoForWhoLooksForItsRecordLate() throws Exception {
    try (Parts parts = Parts.create(directory)) {
      long millis = Parts.millis();
      long place = parts.head.reserve(SMALL, millis);
      parts.blobs.publish(place, new byte[SMALL], 0, SMALL, millis);
      int offset = Codes.offset(place);
      Chunk chunk = parts.chunks.at(place);
      int generation = chunk.generation();
      assertThat(parts.life.seal(chunk)).isTrue();

      // Two have found the blob live; one acknowledges it, the other has just taken its cell.
      assertThat(parts.blobs.acknowledge(chunk, offset, SMALL, generation, millis)).isTrue();
      Cell late = parts.peers.cells.enterToRead(chunk.id);
      parts.life.retire(chunk);
      assertThat(state(chunk, offset, generation, millis)).isEqualTo(RecordLayout.ACKNOWLEDGED);
      int retired = chunk.generation();
      assertThat(retired).isNotEqualTo(generation);
      parts.life.retire(chunk);
      assertThat(chunk.generation()).as("no second generation for one end").isEqualTo(retired);
      assertThat(parts.life.tryOpen(chunk, Parts.sharedMillis())).isFalse();

      late.leave();
      assertThat(parts.life.tryOpen(chunk, Parts.sharedMillis()))
          .as("opened with records of its past")
          .isFalse();
      parts.life.retire(chunk);
      assertThat(state(chunk, offset, generation, millis)).isEqualTo(RecordLayout.NONE);
      assertThat(parts.life.tryOpen(chunk, Parts.sharedMillis())).isTrue();
    }
  }

  private static int state(Chunk chunk, long offset, int generation, long millis) {
    return Records.state(chunk, offset, SMALL, generation, millis);
  }
}
