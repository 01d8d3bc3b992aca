package dev.pinnedstore.buffer;

import dev.pinnedstore.os.FileControl;
import dev.pinnedstore.os.FileIo;
import dev.pinnedstore.os.OpenFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Set;

/**
 * A file in an array whose calls do what a script says, one step each, and then what they should.
 * Checks what the kernel would: that direct I/O is aligned.
 */
final class FaultyFile implements FileIo, FileControl {
  static final Path PATH = Path.of("faulty");
  static final int ALIGNMENT = 4096;
  private static final Set<OpenOption> OPTIONS =
      Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);

  /** Steps: a limit of bytes, {@link FileIo#INTERRUPTED}, an exception, or what is to be run. */
  final Deque<Object> script = new ArrayDeque<>();

  final Deque<Object> forceScript = new ArrayDeque<>();
  final Deque<Object> controlScript = new ArrayDeque<>();

  /** Whether there is a call that takes room. */
  boolean allocates = true;

  byte[] content;
  int calls;
  int forces;
  boolean closed;

  FaultyFile(byte[] content) {
    this.content = content;
  }

  DirectFile open() {
    OpenFile file = file();
    return new DirectFile(PATH, file, Engines.of(PATH, file, true), OPTIONS);
  }

  DirectFile open(Engines engines) {
    return new DirectFile(PATH, file(), engines, OPTIONS);
  }

  private OpenFile file() {
    return new OpenFile(this, this, null, this, ALIGNMENT, "", -1, this);
  }

  @Override
  public int maxParts() {
    return 3;
  }

  @Override
  public long read(MemorySegment[] parts, long position) throws IOException {
    long limit = step(parts, position);
    if (limit < 0) {
      return limit;
    }
    if (position >= content.length) {
      return END;
    }
    long left = Math.min(limit, content.length - position);
    long done = 0;
    for (MemorySegment part : parts) {
      long bytes = Math.min(part.byteSize(), left - done);
      MemorySegment.copy(MemorySegment.ofArray(content), position + done, part, 0, bytes);
      done += bytes;
    }
    return done;
  }

  @Override
  public long write(MemorySegment[] parts, long position) throws IOException {
    long limit = step(parts, position);
    if (limit < 0) {
      return limit;
    }
    long done = 0;
    for (MemorySegment part : parts) {
      long bytes = Math.min(part.byteSize(), limit - done);
      if (content.length < position + done + bytes) {
        content = Arrays.copyOf(content, (int) (position + done + bytes));
      }
      MemorySegment.copy(part, 0, MemorySegment.ofArray(content), position + done, bytes);
      done += bytes;
    }
    return done;
  }

  private long step(MemorySegment[] parts, long position) throws IOException {
    calls++;
    if (parts.length > maxParts()) {
      throw new AssertionError(parts.length + " parts");
    }
    for (MemorySegment part : parts) {
      if (((part.address() | part.byteSize() | position) & (ALIGNMENT - 1)) != 0) {
        throw new IOException("Invalid argument");
      }
    }
    return play(script);
  }

  private static long play(Deque<Object> script) throws IOException {
    return switch (script.poll()) {
      case Long limit -> limit;
      case Integer limit -> limit;
      case IOException e -> throw e;
      case Runnable code -> {
        code.run();
        yield Long.MAX_VALUE;
      }
      case null -> Long.MAX_VALUE;
      case Object other -> throw new AssertionError(other);
    };
  }

  @Override
  public long size() throws IOException {
    play(controlScript);
    return content.length;
  }

  @Override
  public void truncate(long bytes) throws IOException {
    play(controlScript);
    content = Arrays.copyOf(content, (int) Math.min(bytes, content.length));
  }

  @Override
  public void force(boolean metadata) throws IOException {
    forces++;
    play(forceScript);
  }

  @Override
  public boolean allocate(long bytes) throws IOException {
    if (allocates) {
      extend(bytes);
    }
    return allocates;
  }

  @Override
  public void extend(long bytes) throws IOException {
    play(controlScript);
    content = Arrays.copyOf(content, (int) Math.max(bytes, content.length));
  }

  @Override
  public void close() {
    closed = true;
  }
}
