package dev.pinnedstore.buffer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pinnedstore.os.AsyncIo;
import dev.pinnedstore.os.FileOpener;
import dev.pinnedstore.os.NativeTier;
import dev.pinnedstore.os.OpenFile;
import dev.pinnedstore.os.PortsIo;
import dev.pinnedstore.os.Proc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Asynchronous operations on files of the system, whichever engine carries them out. */
@Tag("contract")
class AsyncFileTest {
  private static final int BLOCK = 4096;

  @TempDir private Path directory;

  /** An engine, and direct or buffered I/O. */
  enum Way {
    BEST,
    BEST_BUFFERED(FileOption.BUFFERED),
    THREADS(FileOption.VIRTUAL_THREADS),
    THREADS_BUFFERED(FileOption.VIRTUAL_THREADS, FileOption.BUFFERED),
    /** What Windows would take, on the JDK's threads. */
    CHANNEL {
      @Override
      DirectFile open(Path path) throws IOException {
        Set<OpenOption> options = Set.of(CREATE, READ, WRITE);
        OpenFile file = FileOpener.open(path, options, false, NativeTier.current());
        AsyncIo ports = new PortsIo(AsynchronousFileChannel.open(path, READ, WRITE));
        return new DirectFile(path, file, new Engines(ports, null), options);
      }
    };

    private final List<OpenOption> options = new ArrayList<>(List.of(CREATE, READ, WRITE));

    Way(FileOption... more) {
      options.addAll(List.of(more));
    }

    DirectFile open(Path path) throws IOException {
      return DirectFile.open(path, options.toArray(OpenOption[]::new));
    }
  }

  private DirectFile open(Way way) throws IOException {
    return way.open(directory.resolve("data"));
  }

  @Test
  void theEngineIsToldWithItsReason() throws Exception {
    try (DirectFile threads = open(Way.THREADS);
        DirectFile best = open(Way.BEST)) {
      assertThat(threads.capabilities().ioUring()).isFalse();
      assertThat(threads.capabilities().ioUringReason())
          .isEqualTo("virtual threads were asked for");
      FileCapabilities found = best.capabilities();
      assertThat(found.ioUringReason().isEmpty()).isEqualTo(found.ioUring());
      if (NativeTier.current() == NativeTier.DENIED) {
        assertThat(found.ioUringReason()).contains(NativeTier.flag());
      }
      assertThat(best.capabilities()).isEqualTo(found);
    }
  }

  @Test
  void aClosedFileSaysWhyItHasNoRing() throws Exception {
    DirectFile file = open(Way.BEST);
    file.close();
    assertThat(file.capabilities().ioUring()).isFalse();
    assertThat(file.capabilities().ioUringReason())
        .isEqualTo("the file was closed before one was made");
  }

  @ParameterizedTest
  @EnumSource
  void manyOperationsAtOnceMoveEachItsOwnBytes(Way way) throws Exception {
    int pages = 3 * AsyncIo.DEPTH;
    try (DirectFile file = open(way);
        AlignedBuffer arena = AlignedBuffer.shared((long) pages * BLOCK)) {
      List<IoSlice> frames = arena.slices(BLOCK);
      List<CompletableFuture<Long>> futures = new ArrayList<>();
      for (int i = 0; i < pages; i++) {
        frames.get(i).memory().fill((byte) i);
        frames.get(i).memory().set(JAVA_LONG, 0, i);
        futures.add(file.writeAsync(frames.get(i), (long) i * BLOCK));
      }
      assertThat(futures).allSatisfy(f -> assertThat(f.join()).isEqualTo(BLOCK));
      arena.segment().fill((byte) 0);
      futures.clear();
      for (int i = 0; i < pages; i++) {
        futures.add(file.readAsync(frames.get(i), (long) (pages - 1 - i) * BLOCK));
      }
      for (int i = 0; i < pages; i++) {
        assertThat(futures.get(i).join()).isEqualTo(BLOCK);
        assertThat(frames.get(i).segment().get(JAVA_LONG, 0)).isEqualTo(pages - 1 - i);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void piecesAndTheEndOfTheFileAreAsInTheBlockingForm(Way way) throws Exception {
    byte[] bytes = new byte[6 * BLOCK + 904];
    new Random(21).nextBytes(bytes);
    Files.write(directory.resolve("data"), bytes);
    try (DirectFile file = open(way);
        AlignedBuffer arena = AlignedBuffer.shared(200L * BLOCK)) {
      List<IoSlice> frames = arena.slices(BLOCK);
      List<IoSlice> targets = new ArrayList<>();
      for (int i = 0; i < 200; i += 2) {
        targets.add(frames.get(i));
      }
      assertThat(file.readAsync(targets, BLOCK).join()).isEqualTo(bytes.length - BLOCK);
      for (int i = 0; i < 5; i++) {
        assertThat(
                MemorySegment.mismatch(
                    MemorySegment.ofArray(bytes),
                    (i + 1L) * BLOCK,
                    (i + 2L) * BLOCK,
                    targets.get(i).memory(),
                    0,
                    BLOCK))
            .isEqualTo(-1);
      }
      assertThat(file.readAsync(frames.get(0), 6 * BLOCK).join()).isEqualTo(904);
      assertThat(file.readAsync(frames.get(0), 7 * BLOCK).join()).isEqualTo(-1);
      assertThat(file.readAsync(List.of(), 0).join()).isZero();
      for (int i = 0; i < targets.size(); i++) {
        targets.get(i).memory().fill((byte) i);
      }
      assertThat(file.writeAsync(targets, 0).join()).isEqualTo(100L * BLOCK);
      assertThat(file.size()).isEqualTo(100L * BLOCK);
    }
    byte[] after = Files.readAllBytes(directory.resolve("data"));
    for (int i = 0; i < 100; i++) {
      assertThat(after[i * BLOCK + 77]).isEqualTo((byte) i);
    }
  }

  @ParameterizedTest
  @EnumSource
  void foreignMemoryForAllThreadsIsTaken(Way way) throws Exception {
    try (DirectFile file = open(way);
        Arena shared = Arena.ofShared()) {
      for (Arena arena : List.of(shared, Arena.ofAuto(), Arena.global())) {
        IoSlice slice = IoSlice.of(arena.allocate(BLOCK, BLOCK).fill((byte) 5));
        assertThat(file.writeAsync(slice, 0).join()).isEqualTo(BLOCK);
        slice.memory().fill((byte) 0);
        assertThat(file.readAsync(slice, 0).join()).isEqualTo(BLOCK);
        assertThat(slice.memory().get(JAVA_BYTE, BLOCK - 1)).isEqualTo((byte) 5);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void memoryOfOneThreadIsRefusedAtOnce(Way way) throws Exception {
    try (DirectFile file = open(way);
        Arena arena = Arena.ofConfined();
        AlignedBuffer confined = AlignedBuffer.page()) {
      for (IoSlice slice : List.of(confined.slice(), IoSlice.of(arena.allocate(BLOCK, BLOCK)))) {
        assertThatThrownBy(() -> file.readAsync(slice, 0))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("AlignedBuffer.shared");
        assertThatThrownBy(() -> file.writeAsync(slice, 0))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @Test
  void whatIsNotAlignedIsRefusedAtOnce() throws Exception {
    try (DirectFile file = open(Way.BEST);
        AlignedBuffer buffer = AlignedBuffer.shared(BLOCK)) {
      assumeTrue(file.isDirect(), "the file system takes no direct I/O");
      assertThatThrownBy(() -> file.readAsync(buffer.slice(), 7))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("position=7: must be a multiple of ");
      assertThatThrownBy(() -> file.writeAsync(buffer.slice().slice(0, 7), 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("length=7: must be a multiple of ");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aBufferClosedDuringAnOperationIsHeldUntilItEnds(Way way) throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] bytes = new byte[256 * BLOCK];
    random.nextBytes(bytes);
    Files.write(directory.resolve("data"), bytes);
    try (DirectFile file = open(way)) {
      for (int round = 0; round < 300; round++) {
        List<CompletableFuture<Long>> futures = new ArrayList<>();
        AlignedBuffer victim = AlignedBuffer.shared((1 + random.nextInt(8)) * (long) BLOCK);
        for (int i = 0; i < 4; i++) {
          futures.add(file.readAsync(victim.slice(), (long) random.nextInt(248) * BLOCK));
        }
        IoSlice late = victim.slice();
        victim.close();
        assertThatThrownBy(() -> file.readAsync(late, 0)).isInstanceOf(IllegalStateException.class);
        // Were the memory free already, this one would get it and see it change.
        try (AlignedBuffer next = AlignedBuffer.shared(victim.capacity())) {
          futures.forEach(CompletableFuture::join);
          MemorySegment zeros = MemorySegment.ofArray(new byte[(int) next.capacity()]);
          assertThat(next.segment().mismatch(zeros)).as("seed=%d", seed).isEqualTo(-1);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void closingTheFileEndsEveryOperation(Way way) throws Exception {
    for (int round = 0; round < 20; round++) {
      try (AlignedBuffer arena = AlignedBuffer.shared(1000L * BLOCK)) {
        List<IoSlice> frames = arena.slices(BLOCK);
        List<CompletableFuture<Long>> futures = new ArrayList<>();
        DirectFile file = open(way);
        for (int i = 0; i < 1000; i++) {
          futures.add(file.writeAsync(frames.get(i), (long) i * BLOCK));
        }
        file.close();
        int done = 0;
        for (CompletableFuture<Long> future : futures) {
          try {
            assertThat(future.get()).isEqualTo(BLOCK);
            done++;
          } catch (ExecutionException e) {
            assertThat(e.getCause()).isInstanceOf(ClosedChannelException.class);
          }
        }
        assertThat(done).isBetween(0, 1000);
        assertThat(file.readAsync(frames.get(0), 0))
            .isCompletedExceptionally()
            .failsWithin(Duration.ZERO)
            .withThrowableThat()
            .withCauseInstanceOf(ClosedChannelException.class);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatDependsOnAFutureMayBlockOnOthersAndCloseTheFile(Way way) throws Exception {
    int chains = 2 * AsyncIo.DEPTH;
    DirectFile file = open(way);
    AlignedBuffer arena = AlignedBuffer.shared((long) chains * BLOCK);
    List<IoSlice> frames = arena.slices(BLOCK);
    List<CompletableFuture<Long>> futures = new ArrayList<>();
    for (int i = 0; i < chains; i++) {
      IoSlice frame = frames.get(i);
      long position = (long) i * BLOCK;
      futures.add(
          file.writeAsync(frame, position)
              .thenApply(written -> file.readAsync(frame, position).join()));
    }
    assertThat(futures).allSatisfy(f -> assertThat(f.join()).isEqualTo(BLOCK));
    file.readAsync(frames.get(0), 0)
        .thenAccept(
            read -> {
              arena.close();
              try {
                file.close();
              } catch (IOException e) {
                throw new CompletionException(e);
              }
            })
        .join();
    assertThatThrownBy(file::size).isInstanceOf(ClosedChannelException.class);
  }

  @Test
  void aCancelledFutureFreesItsBufferWhenTheOperationEnds() throws Exception {
    try (DirectFile file = open(Way.BEST)) {
      AlignedBuffer buffer = AlignedBuffer.shared(BLOCK);
      assertThat(file.writeAsync(buffer.slice(), 0).cancel(true)).isIn(true, false);
      buffer.close();
    }
    // Closing the file has waited for it; a hold that was left would have kept it open.
    assertThat(Files.size(directory.resolve("data"))).isIn(0L, (long) BLOCK);
  }

  @Test
  void failuresAreToldWithTheirPlace() throws Exception {
    FaultyFile faulty = new FaultyFile(new byte[8 * BLOCK]);
    try (DirectFile file = faulty.open();
        AlignedBuffer buffer = AlignedBuffer.shared(BLOCK)) {
      faulty.script.add(new IOException("Input/output error"));
      assertThatThrownBy(() -> file.readAsync(buffer.slice(), BLOCK).join())
          .hasCauseInstanceOf(IOException.class)
          .hasMessageEndingWith("faulty: read of 4096 bytes at 4096: Input/output error");
      faulty.script.add(100);
      faulty.script.add(-4);
      assertThat(file.readAsync(buffer.slice(), BLOCK).join()).isEqualTo(BLOCK);
      assertThat(faulty.calls).isEqualTo(4);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFullDeviceIsAnErrorThatSaysSo(Way way) throws Exception {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.isWritable(full), "/dev/full is Linux'");
    try (DirectFile file = way.open(full);
        AlignedBuffer page = AlignedBuffer.shared(BLOCK)) {
      assertThatThrownBy(() -> file.writeAsync(page.slice(), 0).join())
          .hasCauseInstanceOf(IOException.class)
          .hasMessageContaining("/dev/full: write of 4096 bytes at 0: ")
          .hasMessageContaining("No space left on device");
    }
  }

  @ParameterizedTest
  @EnumSource
  void nothingStaysOpenAfterManyRounds(Way way) throws Exception {
    assumeTrue(Proc.isThere(), "counts files in /proc");
    AtomicInteger done = new AtomicInteger();
    round(way, done);
    long files = Proc.openFiles();
    long addresses = Proc.addressSpaceBytes();
    for (int i = 0; i < 100; i++) {
      round(way, done);
    }
    assertThat(done).hasValue(101);
    assertThat(Proc.openFiles()).isLessThan(files + 20);
    // A ring that stayed would be a stack of a MiB and its queues, each time.
    assertThat(Proc.addressSpaceBytes()).isLessThan(addresses + (100L << 20));
  }

  private void round(Way way, AtomicInteger done) throws IOException {
    try (DirectFile file = open(way);
        AlignedBuffer page = AlignedBuffer.shared(BLOCK)) {
      file.writeAsync(page.slice(), 0).thenAccept(n -> done.incrementAndGet()).join();
    }
  }
}
