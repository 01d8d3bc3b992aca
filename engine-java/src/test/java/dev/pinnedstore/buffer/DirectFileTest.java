package dev.pinnedstore.buffer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pinnedstore.os.FileOpener;
import dev.pinnedstore.os.NativeTier;
import dev.pinnedstore.os.OpenFile;
import dev.pinnedstore.os.Proc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of the system, in every way that they can be opened here. */
@Tag("contract")
class DirectFileTest {
  private static final int BLOCK = 4096;

  @TempDir private Path directory;

  /** A way to open a file. */
  enum Way {
    BEST {
      @Override
      DirectFile open(Path path) throws IOException {
        return DirectFile.open(path, CREATE, READ, WRITE);
      }
    },
    BUFFERED {
      @Override
      DirectFile open(Path path) throws IOException {
        return DirectFile.open(path, CREATE, READ, WRITE, FileOption.BUFFERED);
      }
    },
    DIRECT_WITHOUT_NATIVE_ACCESS {
      @Override
      DirectFile open(Path path) throws IOException {
        Set<OpenOption> options = Set.of(CREATE, READ, WRITE);
        OpenFile file = FileOpener.open(path, options, true, NativeTier.DENIED);
        return new DirectFile(path, file, Engines.of(path, file, true), options);
      }
    };

    abstract DirectFile open(Path path) throws IOException;
  }

  static Stream<Way> ways() {
    return Stream.of(Way.values());
  }

  private Path path() {
    return directory.resolve("data");
  }

  // ---- opening

  @Test
  void directIoIsWhatTheFileSystemTakes() throws Exception {
    try (DirectFile file = Way.BEST.open(path())) {
      FileCapabilities found = file.capabilities();
      assertThat(found.direct()).isEqualTo(file.isDirect());
      if (file.isDirect()) {
        assertThat(found.directReason()).isEmpty();
        assertThat(found.alignment()).isGreaterThanOrEqualTo(512);
        assertThat(AlignedBuffer.ALIGNMENT % found.alignment()).isZero();
      } else {
        assertThat(found.directReason()).isNotEmpty();
        assertThat(found.alignment()).isEqualTo(1);
      }
    }
  }

  @Test
  void aBufferedFileSaysSoAndTakesEverything() throws Exception {
    try (DirectFile file = Way.BUFFERED.open(path());
        AlignedBuffer buffer = AlignedBuffer.zeroed(100)) {
      assertThat(file.isDirect()).isFalse();
      assertThat(file.capabilities().directReason()).isEqualTo("buffered I/O was asked for");
      buffer.segment().set(JAVA_BYTE, 7, (byte) 1);
      assertThat(file.write(buffer.slice().slice(7, 3), 5)).isEqualTo(3);
      assertThat(file.size()).isEqualTo(8);
      assertThat(file.read(buffer.slice().slice(50, 50), 4)).isEqualTo(4);
      assertThat(buffer.segment().get(JAVA_BYTE, 51)).isEqualTo((byte) 1);
    }
  }

  @Test
  void aFileSystemWithoutDirectIoGivesABufferedFileWithTheReason() throws Exception {
    Path refusing = Path.of("/proc/self/comm");
    assumeTrue(Files.isReadable(refusing), "/proc takes no direct I/O");
    try (DirectFile file = DirectFile.open(refusing);
        AlignedBuffer buffer = AlignedBuffer.zeroed(100)) {
      assertThat(file.isDirect()).isFalse();
      assertThat(file.capabilities().directReason()).startsWith("no direct I/O here: ");
      assertThat(file.read(buffer.slice(), 0)).isPositive();
    }
  }

  @Test
  void optionsMeanWhatTheyMeanForAChannel() throws Exception {
    assertThatThrownBy(() -> DirectFile.open(path())).isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> DirectFile.open(path(), READ, WRITE))
        .isInstanceOf(NoSuchFileException.class);
    DirectFile.open(path(), CREATE_NEW, WRITE).close();
    assertThatThrownBy(() -> DirectFile.open(path(), CREATE_NEW, WRITE))
        .isInstanceOf(FileAlreadyExistsException.class);
    Files.write(path(), new byte[10_000]);
    try (DirectFile file = DirectFile.open(path());
        AlignedBuffer buffer = AlignedBuffer.page()) {
      assertThat(file.size()).isEqualTo(10_000);
      assertThat(file.read(buffer.slice(), 4096)).isEqualTo(4096);
      assertThatThrownBy(() -> file.write(buffer.slice(), 0))
          .isInstanceOf(NonWritableChannelException.class);
      assertThatThrownBy(() -> file.truncate(0)).isInstanceOf(NonWritableChannelException.class);
      assertThatThrownBy(() -> file.preallocate(1 << 20))
          .isInstanceOf(NonWritableChannelException.class);
    }
    try (DirectFile file = DirectFile.open(path(), WRITE, TRUNCATE_EXISTING);
        AlignedBuffer buffer = AlignedBuffer.page()) {
      assertThat(file.size()).isZero();
      assertThat(file.write(buffer.slice(), 0)).isEqualTo(4096);
      assertThatThrownBy(() -> file.read(buffer.slice(), 0))
          .isInstanceOf(NonReadableChannelException.class);
    }
    assertThatThrownBy(() -> DirectFile.open(path(), StandardOpenOption.APPEND))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("option=APPEND: must be one of ");
    assertThatThrownBy(() -> DirectFile.open(path(), StandardOpenOption.DELETE_ON_CLOSE))
        .isInstanceOf(IllegalArgumentException.class);
  }

  // ---- reading and writing

  @ParameterizedTest
  @MethodSource("ways")
  void bytesComeBackAsTheyWereWritten(Way way) throws Exception {
    byte[] bytes = new byte[1 << 20];
    new Random(3).nextBytes(bytes);
    try (DirectFile file = way.open(path());
        AlignedBuffer buffer = AlignedBuffer.withCapacity(1 << 20)) {
      buffer.extend(bytes);
      assertThat(file.write(buffer.slice(), BLOCK)).isEqualTo(1 << 20);
      file.sync();
      file.sync(false);
      assertThat(file.size()).isEqualTo((1 << 20) + BLOCK);
      buffer.segment().fill((byte) 0);
      file.readFully(buffer.slice(), BLOCK);
      assertThat(buffer.segment().mismatch(MemorySegment.ofArray(bytes))).isEqualTo(-1);
      file.readFully(buffer.slices(BLOCK).get(0), 0);
      assertThat(buffer.segment().get(JAVA_BYTE, 9)).as("a hole").isZero();
    }
    assertThat(Files.readAllBytes(path())).endsWith(bytes);
  }

  @ParameterizedTest
  @MethodSource("ways")
  void aFileThatEndsInsideABlockIsReadToItsEnd(Way way) throws Exception {
    byte[] bytes = new byte[2 * BLOCK + 904];
    new Random(4).nextBytes(bytes);
    Files.write(path(), bytes);
    try (DirectFile file = way.open(path());
        AlignedBuffer buffer = AlignedBuffer.zeroed(4 * BLOCK)) {
      assertThat(file.read(buffer.slice(), 0)).isEqualTo(bytes.length);
      assertThat(buffer.slice().slice(0, bytes.length).segment().toArray(JAVA_BYTE))
          .isEqualTo(bytes);
      assertThat(file.read(buffer.slice(), 2 * BLOCK)).isEqualTo(904);
      assertThat(file.read(buffer.slice(), 3 * BLOCK)).isEqualTo(-1);
      assertThat(file.read(buffer.slice(), 1L << 40)).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void piecesAreMovedInTheirOrder(Way way) throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    try (DirectFile file = way.open(path());
        Arena arena = Arena.ofShared();
        AlignedBuffer confined = AlignedBuffer.zeroed(1500L * BLOCK);
        AlignedBuffer shared = AlignedBuffer.shared(300L * BLOCK)) {
      List<IoSlice> pieces = new ArrayList<>(confined.slices(BLOCK));
      pieces.addAll(shared.slices(3 * BLOCK));
      pieces.add(IoSlice.of(arena.allocate(BLOCK, BLOCK)));
      Collections.shuffle(pieces, random);
      long bytes = 0;
      for (int i = 0; i < pieces.size(); i++) {
        fill(pieces.get(i).segment(), i);
        bytes += pieces.get(i).length();
      }
      assertThat(file.write(pieces, 0)).isEqualTo(bytes);
      pieces.forEach(piece -> piece.memory().fill((byte) 0));
      assertThat(file.read(pieces, 0)).isEqualTo(bytes);
      try (AlignedBuffer whole = AlignedBuffer.zeroed(bytes)) {
        file.readFully(whole.slice(), 0);
        long at = 0;
        for (int i = 0; i < pieces.size(); i++) {
          MemorySegment piece = pieces.get(i).segment();
          MemorySegment there = whole.segment().asSlice(at, piece.byteSize());
          assertThat(piece.mismatch(there)).as("seed=%d piece=%d", seed, i).isEqualTo(-1);
          fill(piece, i);
          assertThat(piece.mismatch(there)).as("seed=%d piece=%d", seed, i).isEqualTo(-1);
          at += piece.byteSize();
        }
      }
    }
  }

  private static void fill(MemorySegment segment, int value) {
    segment.fill((byte) value);
    segment.set(JAVA_BYTE, 1, (byte) (value >> 8));
  }

  @ParameterizedTest
  @MethodSource("ways")
  void positionsBeyondFourGibibytesWork(Way way) throws Exception {
    long far = (5L << 30) + BLOCK;
    try (DirectFile file = way.open(path());
        AlignedBuffer page = AlignedBuffer.page()) {
      page.segment().fill((byte) 6);
      file.write(page.slice(), far);
      assertThat(file.size()).isEqualTo(far + BLOCK);
      page.segment().fill((byte) 0);
      file.readFully(page.slice(), far);
      assertThat(page.segment().get(JAVA_BYTE, BLOCK - 1)).isEqualTo((byte) 6);
      file.truncate(10);
      assertThat(file.size()).isEqualTo(10);
      file.truncate(1000);
      assertThat(file.size()).as("truncate never extends").isEqualTo(10);
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void preallocateMakesTheFileLongerAndChangesNoByte(Way way) throws Exception {
    byte[] bytes = new byte[BLOCK + 10];
    new Random(8).nextBytes(bytes);
    Files.write(path(), bytes);
    try (DirectFile file = way.open(path())) {
      file.preallocate(0);
      file.preallocate(100);
      assertThat(file.size()).isEqualTo(bytes.length);
      file.preallocate(3_000_001);
      assertThat(file.size()).isEqualTo(3_000_001);
      assertThat((long) Files.getAttribute(path(), "size")).isEqualTo(3_000_001);
    }
    byte[] after = Files.readAllBytes(path());
    assertThat(after).startsWith(bytes);
    assertThat(MemorySegment.ofArray(after).asSlice(bytes.length).toArray(JAVA_BYTE))
        .containsOnly(0);
  }

  @ParameterizedTest
  @MethodSource("ways")
  void whatIsWrittenWhileRoomIsTakenStays(Way way) throws Exception {
    int pages = 512;
    try (DirectFile file = way.open(path())) {
      List<FutureTask<Boolean>> tasks = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int id = t;
        FutureTask<Boolean> task =
            new FutureTask<>(
                () -> {
                  try (AlignedBuffer page = AlignedBuffer.shared(BLOCK)) {
                    for (int i = id; i < pages; i += 4) {
                      page.segment().fill((byte) (i + 1));
                      IoSlice slice = page.slice();
                      long at = (long) i * BLOCK;
                      long written =
                          i % 8 < 4 ? file.write(slice, at) : file.writeAsync(slice, at).join();
                      if (written != BLOCK) {
                        return false;
                      }
                    }
                  }
                  return true;
                });
        tasks.add(task);
        Thread.ofPlatform().start(task);
      }
      for (long size = BLOCK; tasks.stream().anyMatch(task -> !task.isDone()); size += 5 * BLOCK) {
        file.preallocate(Math.min(size, (long) pages * BLOCK));
      }
      for (FutureTask<Boolean> task : tasks) {
        assertThat(task.get()).isTrue();
      }
      try (AlignedBuffer whole = AlignedBuffer.zeroed((long) pages * BLOCK)) {
        file.readFully(whole.slice(), 0);
        for (int i = 0; i < pages; i++) {
          byte[] expected = new byte[BLOCK];
          Arrays.fill(expected, (byte) (i + 1));
          MemorySegment page = whole.segment().asSlice((long) i * BLOCK, BLOCK);
          assertThat(page.mismatch(MemorySegment.ofArray(expected))).as("page %d", i).isEqualTo(-1);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void aFullDeviceIsAnErrorThatSaysSo(Way way) throws Exception {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.isWritable(full), "/dev/full is Linux'");
    try (DirectFile file = way.open(full);
        AlignedBuffer page = AlignedBuffer.page()) {
      assertThatThrownBy(() -> file.write(page.slice(), 0))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("/dev/full: write of 4096 bytes at 0: ")
          .hasMessageContaining("No space left on device");
    }
  }

  // ---- threads

  @ParameterizedTest
  @EnumSource
  void manyThreadsReadAndWriteTheirOwnPages(Way way) throws Exception {
    try (DirectFile file = way.open(path())) {
      List<FutureTask<Boolean>> tasks = new ArrayList<>();
      for (int t = 0; t < 8; t++) {
        int id = t;
        FutureTask<Boolean> task = new FutureTask<>(() -> writeAndRead(file, id));
        tasks.add(task);
        Thread.Builder builder = t % 2 == 0 ? Thread.ofVirtual() : Thread.ofPlatform();
        builder.start(task);
      }
      for (FutureTask<Boolean> task : tasks) {
        assertThat(task.get()).isTrue();
      }
    }
  }

  private static boolean writeAndRead(DirectFile file, int id) throws IOException {
    try (AlignedBuffer page = AlignedBuffer.page()) {
      for (int i = 0; i < 50; i++) {
        page.segment().fill((byte) (id * 50 + i));
        file.write(page.slice(), (long) (id * 50 + i) * BLOCK);
      }
      for (int i = 0; i < 50; i++) {
        file.readFully(page.slice(), (long) (id * 50 + i) * BLOCK);
        if (page.segment().get(JAVA_BYTE, 17) != (byte) (id * 50 + i)) {
          return false;
        }
      }
      return true;
    }
  }

  @ParameterizedTest
  @EnumSource
  void interruptsEndNoOperationAndCloseNoFile(Way way) throws Exception {
    try (DirectFile file = way.open(path())) {
      FutureTask<Integer> reader =
          new FutureTask<>(
              () -> {
                int interrupts = 0;
                for (int i = 0; interrupts < 100; i++) {
                  writeAndReadOne(file, 0, (byte) i);
                  interrupts += Thread.interrupted() ? 1 : 0;
                }
                return interrupts;
              });
      Thread thread = Thread.ofPlatform().start(reader);
      for (int i = 0; thread.isAlive(); i++) {
        thread.interrupt();
        writeAndReadOne(file, BLOCK, (byte) i);
        file.size();
      }
      assertThat(reader.get()).isEqualTo(100);
      file.sync();
    }
  }

  private static void writeAndReadOne(DirectFile file, long position, byte value)
      throws IOException {
    try (AlignedBuffer page = AlignedBuffer.page()) {
      page.segment().fill(value);
      file.write(page.slice(), position);
      page.segment().fill((byte) ~value);
      file.readFully(page.slice(), position);
      assertThat(page.segment().get(JAVA_BYTE, 3)).isEqualTo(value);
    }
  }

  @Test
  void aFileThatIsReplacedDuringAnInterruptIsNotReadInItsPlace() throws Exception {
    Files.write(path(), new byte[BLOCK]);
    try (DirectFile file = Way.DIRECT_WITHOUT_NATIVE_ACCESS.open(path())) {
      Path other = directory.resolve("other");
      Files.write(other, new byte[] {1});
      Files.move(other, path(), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      FutureTask<Throwable> reader =
          new FutureTask<>(
              () -> {
                try (AlignedBuffer page = AlignedBuffer.page()) {
                  while (true) {
                    assertThat(file.read(page.slice(), 0)).isEqualTo(BLOCK);
                  }
                } catch (IOException e) {
                  return e;
                }
              });
      Thread thread = Thread.ofPlatform().start(reader);
      while (thread.isAlive()) {
        thread.interrupt();
        Thread.onSpinWait();
      }
      assertThat(reader.get())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("is another file since an interrupt closed the channel to it");
    }
  }

  @Test
  void aRelativeNameIsTheOneThatTheJvmMeans() throws Exception {
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    Path here = Files.createDirectory(directory.resolve("here"));
    Path same = Files.writeString(elsewhere.resolve("data"), "of somebody else");
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED",
                "-Duser.dir=" + here,
                "-cp",
                Proc.classPathOf(DirectFile.class) + ":" + Proc.classPathOf(ChildFile.class),
                ChildFile.class.getName(),
                "data")
            .directory(elsewhere.toFile())
            .redirectErrorStream(true)
            .start();
    assertThat(child.inputReader().lines()).containsExactly("4096");
    assertThat(child.waitFor()).isZero();
    assertThat(same).hasContent("of somebody else");
    assertThat(here.resolve("data")).hasSize(BLOCK);
  }

  // ---- leaks

  @ParameterizedTest
  @EnumSource
  void nothingStaysOpenAfterManyRounds(Way way) throws Exception {
    assumeTrue(Proc.isThere(), "counts files in /proc");
    round(way);
    long files = Proc.openFiles();
    for (int i = 0; i < 200; i++) {
      round(way);
      assertThatThrownBy(() -> DirectFile.open(directory.resolve("none"), READ))
          .isInstanceOf(NoSuchFileException.class);
    }
    assertThat(Proc.openFiles()).isLessThan(files + 20);
  }

  private void round(Way way) throws IOException {
    try (DirectFile file = way.open(path());
        AlignedBuffer page = AlignedBuffer.page()) {
      file.write(page.slice(), 0);
    }
  }
}
