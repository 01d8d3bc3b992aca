package dev.pinnedstore.os;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which of four limits an ENOMEM stands for, judged by a planted {@code /proc}. */
@Tag("contract")
class LinuxLimitsTest {
  private static final long MIB = 1L << 20;

  @TempDir Path proc;

  @BeforeEach
  void plant() throws IOException {
    write("self/maps", "7f00-7f01 rw-p\n".repeat(50));
    write("self/status", "Name:\tjava\nVmSize:\t  102400 kB\nVmData:\t   51200 kB\n");
    limits("unlimited", "unlimited");
    write("sys/vm/max_map_count", "65530\n");
  }

  @Test
  void addressSpaceIsNamedWithWhatIsLeft() throws IOException {
    limits("157286400", "unlimited");
    MappingFailedException refusal = explain(51 * MIB);
    assertThat(refusal.limit()).isEqualTo(Limit.ADDRESS_SPACE);
    assertThat(refusal.freeBytes()).isEqualTo(50 * MIB);
    assertThat(refusal.totalBytes()).isEqualTo(150 * MIB);
    assertThat(refusal)
        .hasMessage(
            "refused: limit=ADDRESS_SPACE, freeBytes=52428800, totalBytes=157286400 (the address"
                + " space of the process; raise RLIMIT_AS and RLIMIT_DATA (ulimit -v, ulimit -d),"
                + " or ask for less than the processor can address)");
    assertThat(explain(50 * MIB).limit()).as("that would have fitted").isEqualTo(Limit.MEMORY);
  }

  @Test
  void dataSizeCountsAsAddressSpace() throws IOException {
    limits("unlimited", "104857600");
    assertThat(explain(51 * MIB).limit()).isEqualTo(Limit.ADDRESS_SPACE);
  }

  @Test
  void numberOfMappingsIsNamed() throws IOException {
    write("sys/vm/max_map_count", "50\n");
    assertThat(explain(4096).limit()).isEqualTo(Limit.MAP_COUNT);
    assertThat(explain(4096))
        .hasMessageContaining("mappings=50 of 50")
        .hasMessageContaining("vm.max_map_count");
  }

  @Test
  void memoryIsWhatRemains() {
    MappingFailedException refusal = explain(4096);
    assertThat(refusal.limit()).isEqualTo(Limit.MEMORY);
    assertThat(refusal.totalBytes()).isEqualTo(Machine.memoryLimitBytes());
  }

  @Test
  void withoutProcTheReasonIsUnknown() throws IOException {
    Files.delete(proc.resolve("self/maps"));
    MappingFailedException refusal = explain(4096);
    assertThat(refusal.limit()).isEqualTo(Limit.OTHER);
    assertThat(refusal).hasMessageContaining("reason unknown");
  }

  @Test
  void reservationIsLimitedByAddressesAndNotByData() throws IOException {
    limits("157286400", "1");
    MappingFailedException refusal = explainReserve(51 * MIB);
    assertThat(refusal.limit()).isEqualTo(Limit.ADDRESS_SPACE);
    assertThat(refusal.freeBytes()).isEqualTo(50 * MIB);
    assertThat(refusal).hasMessageContaining("ulimit -v");
    MappingFailedException noGap = explainReserve(50 * MIB);
    assertThat(noGap.limit()).isEqualTo(Limit.ADDRESS_SPACE);
    assertThat(noGap.totalBytes()).as("no limit in bytes").isEqualTo(-1);
    write("sys/vm/max_map_count", "50\n");
    assertThat(explainReserve(4096).limit()).isEqualTo(Limit.MAP_COUNT);
    Files.delete(proc.resolve("self/maps"));
    assertThat(explainReserve(4096).limit()).isEqualTo(Limit.OTHER);
  }

  @Test
  void commitIsLimitedByDataAndNotByAddresses() throws IOException {
    limits("1", "104857600");
    MappingFailedException refusal = explainCommit(51 * MIB);
    assertThat(refusal.limit()).isEqualTo(Limit.MEMORY);
    assertThat(refusal.freeBytes()).isEqualTo(50 * MIB);
    assertThat(refusal.totalBytes()).isEqualTo(100 * MIB);
    assertThat(refusal).hasMessageContaining("RLIMIT_DATA (ulimit -d)");
    MappingFailedException noMemory = explainCommit(50 * MIB);
    assertThat(noMemory.limit()).isEqualTo(Limit.MEMORY);
    assertThat(noMemory.totalBytes()).isEqualTo(Machine.memoryLimitBytes());
    write("sys/vm/max_map_count", "50\n");
    assertThat(explainCommit(4096).limit()).isEqualTo(Limit.MAP_COUNT);
    Files.delete(proc.resolve("self/maps"));
    assertThat(explainCommit(4096).limit()).isEqualTo(Limit.OTHER);
  }

  private MappingFailedException explainReserve(long bytes) {
    return new LinuxLimits(proc).explainReserve(bytes, "refused");
  }

  private MappingFailedException explainCommit(long bytes) {
    return new LinuxLimits(proc).explainCommit(bytes, "refused");
  }

  private MappingFailedException explain(long bytes) {
    return new LinuxLimits(proc).explain(bytes, "refused", null);
  }

  private void limits(String addresses, String data) throws IOException {
    write(
        "self/limits",
        "Limit                     Soft Limit           Hard Limit           Units     \n"
            + "Max data size             "
            + data
            + "            unlimited            bytes     \n"
            + "Max address space         "
            + addresses
            + "            unlimited            bytes     \n");
  }

  private void write(String file, String text) throws IOException {
    Path path = proc.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }
}
