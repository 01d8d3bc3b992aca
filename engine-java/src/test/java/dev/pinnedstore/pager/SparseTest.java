package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.pinnedstore.os.FileDisk;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file with holes that is opened without: to write to a hole on a full disk ends the JVM. */
@Tag("contract")
class SparseTest {
  private static final PagerOptions SPARSE = PagerOptions.defaults().withSparse(true);
  private static final Geometry GEOMETRY = new Geometry(10, 65536);

  @TempDir Path directory;

  @Test
  void everyPageHasItsSpaceWhenAFileIsOpenedDense() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
    disk.allowHoles(true);
    List<PageId> ids;
    SubPageId slot;
    try (Pager pager = Pager.create(disk, GEOMETRY, SPARSE, () -> {})) {
      ids = pager.allocBulk(300);
      ids.forEach(id -> PagerFixture.set(pager, id, 5));
      slot = new SubPageAllocator(pager, 512).alloc();
      assertThat(disk.hasSpace(pager.page(ids.getLast()).address(), 1024)).isFalse();
    }
    long full = disk.size();
    disk.allowHoles(false);
    disk.setCapacity(GEOMETRY.headerBytes());
    assertThatExceptionOfType(PagerFullException.class)
        .isThrownBy(() -> Pager.open(disk, 1024, PagerOptions.defaults(), () -> {}));
    disk.setCapacity(full);
    try (Pager pager = Pager.open(disk, 1024, PagerOptions.defaults(), () -> {})) {
      for (PageId id : ids) {
        assertThat(disk.hasSpace(pager.page(id).address(), 1024)).isTrue();
        assertThat(PagerFixture.get(pager, id)).isEqualTo(5);
      }
      SubPageAllocator subs = new SubPageAllocator(pager, 512);
      assertThat(disk.hasSpace(subs.page(slot).address(), 512)).isTrue();
      subs.allocBulk(10);
      PageId free = pager.alloc();
      assertThat(disk.hasSpace(pager.page(free).address(), 1024)).isTrue();
    }
    // It is dense for good.
    disk.setCapacity(0);
    Pager.open(disk, 1024, PagerOptions.defaults(), () -> {}).close();
  }

  /** In both tiers: by a system call, and by writing zeros over zeros. */
  @Test
  void fillingHolesKeepsWhatIsWritten() throws Exception {
    Path path = directory.resolve("holes");
    FileDisk disk = FileDisk.create(path);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment bytes = disk.map(0, 3 << 20, arena);
      bytes.set(JAVA_BYTE, 5000, (byte) 9);
      bytes.set(JAVA_BYTE, (2 << 20) + 700, (byte) 8);
      disk.fillHoles(512, (3 << 20) - 1024);
      assertThat(bytes.get(JAVA_BYTE, 5000)).isEqualTo((byte) 9);
      assertThat(bytes.get(JAVA_BYTE, (2 << 20) + 700)).isEqualTo((byte) 8);
      disk.sync(bytes, 0, bytes.byteSize());
    }
    disk.close();
    assertThat(Files.size(path)).isEqualTo(3 << 20);
    Process stat = new ProcessBuilder("stat", "-c", "%b", path.toString()).start();
    String blocks = new String(stat.getInputStream().readAllBytes(), US_ASCII).strip();
    if (stat.waitFor() == 0) {
      assertThat(Long.parseLong(blocks) * 512).isGreaterThanOrEqualTo((3 << 20) - 8192);
    }
  }
}
