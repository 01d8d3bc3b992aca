package dev.pinnedstore.buffer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pinnedstore.Readme;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What README.md says of buffers and files is so. */
class BufferReadmeTest {
  private final Readme readme = Readme.read();

  @TempDir private Path directory;

  @Test
  void theExampleReadsWhatItWrote() throws Exception {
    List<byte[]> seen = new ArrayList<>();
    BufferSnippets.pages(
        directory.resolve("pages"), segment -> seen.add(segment.toArray(JAVA_BYTE)));
    assertThat(seen).hasSize(1);
    assertThat(seen.getFirst()).hasSize(4096).containsOnly(1);
  }

  @Test
  void everyMessageIsProvoked() throws Exception {
    Set<String> explained = new HashSet<>();
    AlignedBuffer closed = AlignedBuffer.page();
    closed.close();
    FaultyFile poisoned = new FaultyFile(new byte[0]);
    poisoned.forceScript.add(new IOException("Input/output error"));
    try (AlignedBuffer page = AlignedBuffer.page();
        DirectFile bad = poisoned.open();
        DirectFile file = DirectFile.open(directory.resolve("file"), CREATE, READ, WRITE)) {
      assertThat(catchThrowable(bad::sync)).isInstanceOf(IOException.class);
      IoSlice heap = IoSlice.of(MemorySegment.ofArray(new byte[4096]));
      for (ThrowingCallable refusal :
          List.<ThrowingCallable>of(
              () -> AlignedBuffer.zeroed(1L << 60),
              closed::length,
              () -> elsewhere(page),
              () -> file.readAsync(page.slice(), 0),
              () -> file.write(heap, 0),
              () -> bad.read(page.slice(), 1),
              () -> bad.readFully(page.slice(), 0),
              bad::sync)) {
        explained.add(explanation(catchThrowable(refusal).getMessage()));
      }
    }
    assertThat(readme.messages("Buffers and files")).containsExactlyInAnyOrderElementsOf(explained);
  }

  private static void elsewhere(AlignedBuffer page) throws Exception {
    Throwable thrown = CompletableFuture.supplyAsync(() -> catchThrowable(page::length)).get();
    throw (WrongThreadException) thrown;
  }

  private String explanation(String message) {
    List<String> matching =
        readme.messages("Buffers and files").stream()
            .filter(text -> Readme.pattern(text).matcher(message).matches())
            .toList();
    assertThat(matching).as(message).hasSize(1);
    return matching.getFirst();
  }
}
