package dev.pinnedstore.samples.courier;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads files, one after the other, in pieces into a buffer outside the heap. For one thread.
 *
 * <p>A file ends where it ended when it was opened. One that is another by then, of another size or
 * written to, is an {@link IOException}: its pieces belong to no file that ever was.
 */
final class FileFeed implements AutoCloseable {
  /** The most that one piece holds: a quarter of a page, so that pages fill without a rest. */
  static final int PIECE_BYTES = 256 << 10;

  private static final long ALIGNMENT = 4096;

  private final FileOpener opener;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment memory = arena.allocate(PIECE_BYTES, ALIGNMENT);
  private final ByteBuffer buffer = memory.asByteBuffer();
  private @Nullable OpenFile open;

  FileFeed(FileOpener opener) {
    this.opener = opener;
  }

  /** Opens the next file. The last one has been closed. */
  void open(Path file) throws IOException {
    BasicFileAttributes attributes = attributes(file);
    if (!attributes.isRegularFile()) {
      throw new IOException("is no regular file any more");
    }
    open = new OpenFile(file, opener.open(file), attributes);
  }

  /**
   * Reads the next piece, at least one byte and at most so many.
   *
   * @return false when the file has no more
   */
  boolean next(long mostBytes) throws IOException {
    OpenFile file = opened();
    long left = file.attributes.size() - file.channel.position();
    buffer.clear().limit((int) Math.min(Math.min(left, mostBytes), PIECE_BYTES));
    while (buffer.hasRemaining()) {
      if (file.channel.read(buffer) < 0) {
        throw new IOException(
            "shrank while it was read, from " + file.attributes.size() + " bytes to fewer");
      }
    }
    buffer.flip();
    if (left == 0) {
      checkUnchanged(file);
    }
    return left > 0;
  }

  /** Leaves out the first so many full pieces of the file. */
  void skip(int pieces) throws IOException {
    OpenFile file = opened();
    long offset = (long) pieces * PIECE_BYTES;
    var _ = file.channel.position(Math.min(offset, file.attributes.size()));
  }

  /** The bytes of the piece, for a system call or a checksum. */
  ByteBuffer bytes() {
    return buffer.rewind();
  }

  /** The bytes of the piece, for the store. */
  MemorySegment piece() {
    return buffer.limit() == PIECE_BYTES ? memory : memory.asSlice(0, buffer.limit());
  }

  /** Closes the file, if one is open. */
  void closeFile() throws IOException {
    OpenFile file = open;
    open = null;
    if (file != null) {
      file.channel.close();
    }
  }

  /** Frees the buffer. */
  @Override
  public void close() throws IOException {
    arena.close();
    closeFile();
  }

  private OpenFile opened() {
    OpenFile file = open;
    if (file == null) {
      throw new IllegalStateException("no file is open");
    }
    return file;
  }

  private static void checkUnchanged(OpenFile file) throws IOException {
    BasicFileAttributes before = file.attributes;
    BasicFileAttributes now = attributes(file.path);
    if (before.size() != now.size()
        || !before.lastModifiedTime().equals(now.lastModifiedTime())
        || !Objects.equals(before.fileKey(), now.fileKey())) {
      throw new IOException("changed while it was read");
    }
  }

  private static BasicFileAttributes attributes(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
  }

  private record OpenFile(Path path, SeekableByteChannel channel, BasicFileAttributes attributes) {}
}
