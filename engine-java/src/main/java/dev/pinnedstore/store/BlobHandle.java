package dev.pinnedstore.store;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * The address of one blob: 24 bytes that any thread, or another process, turns back into the blob's
 * bytes.
 *
 * <pre>
 *   0         4         8         12            16                24
 *   +---------+---------+---------+-------------+-----------------+
 *   | page id | offset  | size    | generation  | timestamp (ms)  |
 *   | u32     | u32     | u32     | u32         | u64             |
 *   +---------+---------+---------+-------------+-----------------+
 * </pre>
 *
 * <p>All fields are unsigned and little endian; no alignment is asked for. The layout is that of
 * the handles of the Rust crate {@code stable-fragmented-buffer}, format version 1. Every bit
 * pattern is a value of this type: the store that a handle is shown to decides whether it issued
 * it.
 *
 * <p>Immutable, safe for any thread.
 *
 * @param pageId the page that holds the blob, unsigned
 * @param offset where the blob begins in its page, in bytes, unsigned; see {@link #offsetBytes()}
 * @param size length of the blob in bytes, unsigned; see {@link #sizeBytes()}
 * @param generation which use of the page the blob belongs to, unsigned
 * @param timestampMillis when the blob was published, in ms since 1970-01-01T00:00Z
 */
public record BlobHandle(int pageId, int offset, int size, int generation, long timestampMillis) {

  /** Length of the byte form of a handle, in bytes. */
  public static final int BYTES = HandleLayout.BYTES;

  /**
   * Returns where the blob begins in its page.
   *
   * @return {@link #offset()} as an unsigned number, in bytes
   */
  public long offsetBytes() {
    return Integer.toUnsignedLong(offset);
  }

  /**
   * Returns the length of the blob.
   *
   * @return {@link #size()} as an unsigned number, in bytes
   */
  public long sizeBytes() {
    return Integer.toUnsignedLong(size);
  }

  /**
   * Writes the {@value #BYTES} bytes of this handle into a segment. Not atomic: a reader that races
   * with this call may see a mixture. Nothing is written when the call throws. Allocates nothing.
   *
   * @param target where to write, on or off the heap, of any alignment
   * @param targetOffset where in {@code target} the handle begins, in bytes
   * @throws IndexOutOfBoundsException when the handle does not fit there
   * @throws IllegalArgumentException when {@code target} is read-only
   * @throws IllegalStateException when the arena of {@code target} is closed
   * @throws WrongThreadException when {@code target} belongs to another thread
   */
  public void writeTo(MemorySegment target, long targetOffset) {
    HandleLayout.checkRange("targetOffset", targetOffset, target);
    HandleLayout.write(target, targetOffset, pageId, offset, size, generation, timestampMillis);
  }

  /**
   * Reads a handle from the {@value #BYTES} bytes at an offset of a segment. Not atomic. Allocates
   * the handle only.
   *
   * @param source where to read, on or off the heap, of any alignment
   * @param sourceOffset where in {@code source} the handle begins, in bytes
   * @return the handle
   * @throws IndexOutOfBoundsException when fewer than {@value #BYTES} bytes are there
   * @throws IllegalStateException when the arena of {@code source} is closed
   * @throws WrongThreadException when {@code source} belongs to another thread
   */
  public static BlobHandle readFrom(MemorySegment source, long sourceOffset) {
    HandleLayout.checkRange("sourceOffset", sourceOffset, source);
    long pageAndOffset = HandleLayout.pageAndOffset(source, sourceOffset);
    long sizeAndGeneration = HandleLayout.sizeAndGeneration(source, sourceOffset);
    return new BlobHandle(
        HandleLayout.low(pageAndOffset),
        HandleLayout.high(pageAndOffset),
        HandleLayout.low(sizeAndGeneration),
        HandleLayout.high(sizeAndGeneration),
        HandleLayout.timestampMillis(source, sourceOffset));
  }

  /**
   * Returns the byte form of this handle.
   *
   * @return a new array of {@value #BYTES} bytes
   */
  public byte[] toBytes() {
    // A ByteBuffer, not writeTo: heap segments would spoil the type profile of native callers
    // there.
    return ByteBuffer.allocate(BYTES)
        .order(LITTLE_ENDIAN)
        .putInt(HandleLayout.PAGE_ID, pageId)
        .putInt(HandleLayout.OFFSET, offset)
        .putInt(HandleLayout.SIZE, size)
        .putInt(HandleLayout.GENERATION, generation)
        .putLong(HandleLayout.TIMESTAMP, timestampMillis)
        .array();
  }

  /**
   * Reads a handle from its byte form.
   *
   * @param bytes exactly {@value #BYTES} bytes
   * @return the handle
   * @throws IllegalArgumentException when {@code bytes} is of another length
   */
  public static BlobHandle fromBytes(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException(
          "bytes.length=" + bytes.length + ": must be " + BYTES + " bytes");
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(LITTLE_ENDIAN);
    return new BlobHandle(
        buffer.getInt(HandleLayout.PAGE_ID),
        buffer.getInt(HandleLayout.OFFSET),
        buffer.getInt(HandleLayout.SIZE),
        buffer.getInt(HandleLayout.GENERATION),
        buffer.getLong(HandleLayout.TIMESTAMP));
  }

  /**
   * Returns the byte form of this handle as text.
   *
   * @return 48 hexadecimal digits, lower case, in the order of the bytes
   */
  public String toHex() {
    return HexFormat.of().formatHex(toBytes());
  }

  /**
   * Reads a handle from the text form that {@link #toHex()} gives.
   *
   * @param hex exactly 48 hexadecimal digits in either case, nothing around them
   * @return the handle
   * @throws IllegalArgumentException when {@code hex} is anything else
   */
  public static BlobHandle fromHex(String hex) {
    if (hex.length() != 2 * BYTES) {
      throw new IllegalArgumentException(
          "hex.length=" + hex.length() + ": must be " + 2 * BYTES + " hexadecimal digits");
    }
    for (int i = 0; i < hex.length(); i++) {
      if (!HexFormat.isHexDigit(hex.charAt(i))) {
        throw new IllegalArgumentException(
            "hex=" + hex + ": must be " + 2 * BYTES + " hexadecimal digits, not so at index " + i);
      }
    }
    return fromBytes(HexFormat.of().parseHex(hex));
  }

  /**
   * Returns the fields by name, unsigned and in decimal.
   *
   * @return for example {@code BlobHandle[pageId=0, offset=1, size=13, generation=1,
   *     timestampMillis=1795220670278]}
   */
  @Override
  public String toString() {
    return "BlobHandle[pageId="
        + Integer.toUnsignedString(pageId)
        + ", offset="
        + offsetBytes()
        + ", size="
        + sizeBytes()
        + ", generation="
        + Integer.toUnsignedString(generation)
        + ", timestampMillis="
        + Long.toUnsignedString(timestampMillis)
        + "]";
  }
}
