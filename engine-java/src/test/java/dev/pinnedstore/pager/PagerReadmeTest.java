package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pinnedstore.Readme;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What README.md explains of the pager's messages is what they say. */
class PagerReadmeTest extends PagerFixture {
  private static final String SECTION = "The pager";
  private static final Geometry GEOMETRY = new Geometry(10, 4096);

  private final Readme readme = Readme.read();

  @Test
  void everyMessageIsProvoked() throws Exception {
    Set<String> explained = new HashSet<>();
    PageId freed = pager.alloc();
    pager.free(freed);
    PageId page = pager.alloc();
    ProtectedPage guarded = pager.allocProtected();
    ReadOnlyPager reader = ReadOnlyPager.open(path, PAGE);
    ProtectedPage.Writer writer = guarded.writer();
    Pager closed = Pager.create(directory.resolve("closed"), PAGE);
    closed.close();
    for (ThrowingCallable refusal :
        List.<ThrowingCallable>of(
            () -> Pager.open(path, PAGE),
            this::openLinked,
            pager::shrink,
            () -> Pager.create(path, 1000),
            () -> Pager.open(directory.resolve("closed"), 2048),
            () -> new SubPageAllocator(pager, 8),
            () -> pager.page(freed),
            () -> pager.page(PageId.of(page.number(), 99)),
            () -> pager.page(new PageId(guarded.value())),
            () -> pager.page(PageId.of(1L << 30, 1)),
            () -> pager.freeBulk(List.of(page, page)),
            guarded::writer,
            () -> pager.freeProtected(guarded),
            closed::alloc,
            () -> fillDisk(100),
            () -> fillDisk(5000),
            this::failDisk,
            () -> openBytes(new byte[20_000]),
            () -> openBytes(new byte[20]),
            () -> openBytes(Arrays.copyOf(soundBytes(), 50_000)),
            () -> openPatched(8, 2),
            () -> openPatched(100, 1),
            this::openDamagedMap,
            this::openDamagedLog,
            this::openDamagedPage)) {
      explained.add(explanation(catchThrowable(refusal).getMessage()));
    }
    writer.close();
    reader.close();
    assertThat(readme.messages(SECTION)).containsExactlyInAnyOrderElementsOf(explained);
  }

  private String explanation(String message) {
    List<String> matching =
        readme.messages(SECTION).stream()
            .filter(text -> Readme.pattern(text).matcher(message).matches())
            .toList();
    assertThat(matching).as(message).isNotEmpty();
    return matching.getFirst();
  }

  private static SimulatedDisk disk() {
    return new SimulatedDisk(new SplittableRandom(1));
  }

  private void fillDisk(int pages) throws IOException {
    SimulatedDisk full = disk();
    try (Pager other = Pager.create(full, GEOMETRY, options(), () -> {})) {
      full.setCapacity(full.size());
      other.allocBulk(pages);
    }
  }

  private void failDisk() throws IOException {
    SimulatedDisk failing = disk();
    Pager other = Pager.create(failing, GEOMETRY, options(), () -> {});
    failing.setFault(SimulatedDisk.Fault.SYNC_FAILS);
    assertThat(catchThrowable(other::alloc)).isInstanceOf(PagerIoException.class);
    other.alloc();
  }

  private byte[] soundBytes() throws IOException {
    return Files.readAllBytes(directory.resolve("closed"));
  }

  private void openBytes(byte[] bytes) throws IOException {
    Pager.open(Files.write(directory.resolve("bytes"), bytes), PAGE).close();
  }

  private void openLinked() throws Exception {
    Path link = Files.createLink(directory.resolve("link"), directory.resolve("closed"));
    try {
      Pager.open(link, PAGE);
    } finally {
      Files.delete(link);
    }
  }

  private void openPatched(int at, int value) throws IOException {
    byte[] bytes = soundBytes();
    for (int copy = 0; copy < 2; copy++) {
      bytes[copy * 4096 + at] += (byte) value;
    }
    openBytes(bytes);
  }

  private void openDamagedMap() throws IOException {
    SimulatedDisk damaged = disk();
    try (Pager other = Pager.create(damaged, GEOMETRY, options(), () -> {})) {
      other.alloc();
    }
    long at = GEOMETRY.headerBytes() + GEOMETRY.levelOffset(Geometry.PAGE_MAP, 0, 0);
    damaged.bytes().asSlice(at, 8192).fill((byte) 5);
    try (Pager other = Pager.open(damaged, PAGE, options(), () -> {})) {
      other.page(PageId.of(0, 1));
    }
  }

  private void openDamagedLog() throws IOException {
    SimulatedDisk damaged = disk();
    Pager other = Pager.create(damaged, GEOMETRY, options(), () -> {});
    other.setRoot(0, 1);
    other.setRoot(0, 2);
    SimulatedDisk left = damaged.copyOfCache();
    left.bytes().set(JAVA_BYTE, 8192 + 30, (byte) 77);
    Pager.open(left, PAGE, options(), () -> {}).close();
  }

  private void openDamagedPage() throws IOException {
    SimulatedDisk damaged = disk();
    try (Pager other = Pager.create(damaged, GEOMETRY, options(), () -> {})) {
      ProtectedPage one = other.allocProtected();
      long at = one.segment().address() - damaged.bytes().address();
      damaged.bytes().set(JAVA_BYTE, at, (byte) 1);
      other.protectedPage(one.value());
    }
  }
}
