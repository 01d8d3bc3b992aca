package dev.pinnedstore.buffer;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** The example of README.md: what stands between the marks is quoted there. */
public final class BufferSnippets {
  private BufferSnippets() {}

  /** Pages of a file, written and read back. */
  public static void pages(Path path, Consumer<MemorySegment> reader) throws IOException {
    // @start region="pages"
    try (DirectFile file = DirectFile.open(path, CREATE, READ, WRITE);
        AlignedBuffer frames = AlignedBuffer.shared(64 * 4096)) { // zeros, for all threads
      List<IoSlice> pages = frames.slices(4096); // 64 frames, each made when it is asked for

      pages.get(0).segment().fill((byte) 1);
      file.write(pages.subList(0, 8), 0); // adjacent frames are one piece
      file.sync();

      CompletableFuture<Long> read = file.readAsync(pages.get(9), 0); // -1 at the file's end
      IoSlice page = pages.get(9).withLength(read.join());
      reader.accept(page.segment());
    }
    // @end
  }
}
