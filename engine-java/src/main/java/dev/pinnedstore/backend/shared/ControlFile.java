package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.shared.NamespaceRefusedException.Reason;
import dev.pinnedstore.os.SharedFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalInt;

/** Checks what a namespace's files say, field by field, before a store joins it. */
final class ControlFile {
  private static final long LONGEST_TTL_MILLIS = 365L * 24 * 3600 * 1000;

  private ControlFile() {}

  /** Reads the control file's head and checks each field of it. */
  static ByteBuffer head(Names names) throws NamespaceRefusedException, IOException {
    byte[] bytes = SharedFiles.read(names.control(), ControlLayout.BYTES);
    long length = SharedFiles.size(names.control());
    ByteBuffer head = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    require(names, length == ControlLayout.BYTES, "length", length, "" + ControlLayout.BYTES);
    require(
        names,
        ControlLayout.magic(head) == ControlLayout.MAGIC,
        "magic",
        Long.toHexString(ControlLayout.magic(head)),
        Long.toHexString(ControlLayout.MAGIC));
    int version = ControlLayout.version(head);
    require(names, version == ControlLayout.VERSION, "version", version, "1");
    long chunkSize = ControlLayout.chunkSize(head);
    require(
        names,
        chunkSize > ChunkLayout.HEADER_BYTES,
        "chunk size",
        chunkSize,
        "between 65 and 4294967295 bytes");
    long count = ControlLayout.chunkCount(head);
    require(
        names,
        count >= 1 && count <= Integer.MAX_VALUE,
        "chunk count",
        count,
        "between 1 and " + Integer.MAX_VALUE);
    long writeHead = ControlLayout.writeHead(head);
    require(names, writeHead < count, "write head", writeHead, "below the chunk count, " + count);
    if (ControlLayout.isClosed(head)) {
      throw NamespaceRefusedException.of(
          Reason.MISSING, names, "was closed by the last that left it");
    }
    return head;
  }

  /** Every chunk file is of the size that the control file says; an empty one is being made. */
  static void checkChunks(Names names, long chunkSize, long count)
      throws NamespaceRefusedException, IOException {
    for (String name : SharedFiles.list(names.directory(), names.prefix())) {
      OptionalInt id = names.chunkOf(name);
      if (id.isPresent() && Integer.toUnsignedLong(id.getAsInt()) < count) {
        long size = SharedFiles.lengthOrZero(names.directory().resolve(name));
        require(
            names,
            size == 0 || size == chunkSize,
            "chunk size",
            chunkSize,
            "the length of " + name + ", " + size + " bytes");
      }
    }
  }

  private static void require(Names names, boolean holds, String field, Object value, String legal)
      throws NamespaceRefusedException {
    if (!holds) {
      throw NamespaceRefusedException.of(
          Reason.CORRUPT,
          names,
          names.control() + ": " + field + "=" + value + ": must be " + legal);
    }
  }

  /** The limits that the lock file says. */
  static void checkLimits(Names names, MemorySegment file, long chunkSize)
      throws NamespaceRefusedException {
    checkLimit(names, file, "TTL in ms", PeersLayout.TTL_AT, 0, LONGEST_TTL_MILLIS);
    checkLimit(names, file, "limit", PeersLayout.LIMIT_AT, 0, PeersLayout.CHUNKS);
    checkLimit(names, file, "maxChunks", PeersLayout.MAX_CHUNKS_AT, 1, Long.MAX_VALUE);
    checkLimit(names, file, "maxBytes", PeersLayout.MAX_BYTES_AT, chunkSize, Long.MAX_VALUE);
  }

  private static void checkLimit(
      Names names, MemorySegment file, String field, long at, long least, long most)
      throws NamespaceRefusedException {
    long value = PeersLayout.getLong(file, at);
    if (value < least || value > most) {
      throw NamespaceRefusedException.of(
          Reason.CORRUPT,
          names,
          names.lock()
              + ": "
              + field
              + "="
              + value
              + ": must be between "
              + least
              + " and "
              + most);
    }
  }
}
