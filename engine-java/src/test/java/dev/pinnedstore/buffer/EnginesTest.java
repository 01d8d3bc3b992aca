package dev.pinnedstore.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pinnedstore.os.AsyncIo;
import dev.pinnedstore.os.AsyncOperation;
import dev.pinnedstore.os.ThreadsIo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a file does when an engine fails, starts nothing, or cannot be closed. */
@Tag("contract")
class EnginesTest {
  private static final int BLOCK = FaultyFile.ALIGNMENT;

  private final FaultyFile faulty = new FaultyFile(new byte[8 * BLOCK]);

  /** An engine that takes what it is given, and can be told to misbehave. */
  private static final class Scripted implements AsyncIo {
    final List<AsyncOperation> taken = new ArrayList<>();
    Throwable failure;
    Error refusal;
    boolean closed;

    @Override
    public void start(AsyncOperation operation) {
      if (refusal != null) {
        throw refusal;
      }
      taken.add(operation);
    }

    @Override
    public Throwable failure() {
      return failure;
    }

    @Override
    public void close() {
      closed = true;
      if (refusal != null) {
        throw new UncheckedIOException(new IOException("it does not close"));
      }
    }
  }

  @Test
  void whatComesAfterARingFailedGoesOnThreads() throws Exception {
    Scripted ring = new Scripted();
    try (DirectFile file = faulty.open(new Engines(new ThreadsIo(faulty), () -> ring));
        AlignedBuffer buffer = AlignedBuffer.shared(BLOCK)) {
      var first = file.readAsync(buffer.slice(), 0);
      assertThat(ring.taken).hasSize(1);
      assertThat(file.capabilities().ioUring()).isTrue();
      ring.failure = new IllegalStateException("errno=9");
      ring.taken.getFirst().end(new IOException("the ring failed"));
      assertThatThrownBy(first::join).hasMessageEndingWith("the ring failed");
      assertThat(file.readAsync(buffer.slice(), 0).join()).isEqualTo(BLOCK);
      assertThat(file.writeAsync(buffer.slice(), 0).join()).isEqualTo(BLOCK);
      assertThat(ring.taken).hasSize(1);
      assertThat(file.capabilities().ioUring()).isFalse();
      assertThat(file.capabilities().ioUringReason()).isEqualTo("it failed: errno=9");
    }
    assertThat(ring.closed).isTrue();
  }

  @Test
  void anEngineThatStartsNothingLeavesNothingHeld() throws Exception {
    Scripted threads = new Scripted();
    AlignedBuffer buffer = AlignedBuffer.shared(1 << 20);
    try (DirectFile file =
        faulty.open(
            new Engines(
                threads,
                () -> {
                  throw new AssertionError("nobody asks for a ring twice");
                }))) {
      // Of foreign memory, so that the ring is not asked for.
      threads.refusal = new OutOfMemoryError("a test");
      IoSlice slice = IoSlice.of(buffer.segment());
      assertThatThrownBy(() -> file.readAsync(slice, 0)).isSameAs(threads.refusal);
      assertThatThrownBy(() -> file.writeAsync(slice, 0)).isSameAs(threads.refusal);
      threads.refusal = null;
      faulty.allocates = false;
      file.preallocate(9 * BLOCK);
      assertThat(file.size()).as("no write stands in the way").isEqualTo(9 * BLOCK);
    }
    buffer.close();
  }

  @Test
  void anEngineThatDoesNotCloseKeepsNoFileOpen() {
    Scripted threads = new Scripted();
    Scripted ring = new Scripted();
    DirectFile file = faulty.open(new Engines(threads, () -> ring));
    assertThat(file.capabilities().ioUring()).isTrue();
    threads.refusal = new OutOfMemoryError("a test");
    assertThatThrownBy(file::close).isInstanceOf(IOException.class).hasMessage("it does not close");
    assertThat(ring.closed).isTrue();
    assertThat(faulty.closed).isTrue();
  }
}
