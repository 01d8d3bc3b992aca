package dev.pinnedstore.store;

import java.io.Serial;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Back-pressure: a blob does not fit now, at the limit that {@link #limit()} names. An append may
 * succeed as soon as blobs are acknowledged and their pages reclaimed; {@link
 * PinnedStore#roomFor(long)} tells when to try again.
 */
public final class StoreFullException extends PinnedStoreException {

  @Serial private static final long serialVersionUID = 1L;

  private static final long NONE = -1;

  /** What keeps the store from growing. */
  private final Limit limit;

  /** In the unit of the limit, or -1. */
  private final long limitValue;

  /** In bytes, or -1. */
  private final long freeBytes;

  /** In bytes, or -1. */
  private final long totalBytes;

  /** In bytes, or -1. */
  private final long chunkSize;

  StoreFullException(Limit limit, long limitValue) {
    this(limit, limitValue, NONE, NONE, NONE, null);
  }

  /**
   * For a limit of the operating system; -1 stands for a figure that is not known.
   *
   * @param cause what the operating system said
   */
  StoreFullException(
      Limit limit,
      long limitValue,
      long freeBytes,
      long totalBytes,
      long chunkSize,
      @Nullable Throwable cause) {
    super(message(limit, limitValue, freeBytes, totalBytes, chunkSize), cause);
    this.limit = limit;
    this.limitValue = limitValue;
    this.freeBytes = freeBytes;
    this.totalBytes = totalBytes;
    this.chunkSize = chunkSize;
  }

  /**
   * Returns the limit that was reached.
   *
   * @return the limit
   */
  public Limit limit() {
    return limit;
  }

  /**
   * Returns the value of that limit.
   *
   * @return the value, in the unit that {@link Limit} names; -1 when the operating system sets it
   *     and does not tell
   */
  public long limitValue() {
    return limitValue;
  }

  /**
   * Returns what was left under a limit of the operating system: of the memory, the address space
   * or the file system.
   *
   * @return the room in bytes; empty where the limit is another one or the system does not tell
   */
  public OptionalLong freeBytes() {
    return optional(freeBytes);
  }

  /**
   * Returns the whole of what {@link #freeBytes()} is left of.
   *
   * @return the size in bytes; empty where the limit is another one or the system does not tell
   */
  public OptionalLong totalBytes() {
    return optional(totalBytes);
  }

  /**
   * Returns how much the store asked the operating system for.
   *
   * @return the size in bytes; empty where the limit is the store's own
   */
  public OptionalLong chunkSize() {
    return optional(chunkSize);
  }

  private static OptionalLong optional(long value) {
    return value == NONE ? OptionalLong.empty() : OptionalLong.of(value);
  }

  private static String message(
      Limit limit, long limitValue, long freeBytes, long totalBytes, long chunkSize) {
    StringBuilder text = new StringBuilder("the store is full: ").append(limit.what);
    append(text, limit.unit, limitValue);
    append(text, "freeBytes", freeBytes);
    append(text, "totalBytes", totalBytes);
    append(text, "chunkSize", chunkSize);
    return text.append("; acknowledge blobs, or ").append(limit.advice).toString();
  }

  private static void append(StringBuilder text, String name, long value) {
    if (value != NONE) {
      text.append(", ").append(name).append('=').append(value);
    }
  }

  /** What keeps a store from growing. */
  public enum Limit {
    /** {@link StoreConfig#maxPages()}, in pages. */
    MAX_PAGES("its page limit is reached", "maxPages", "raise maxPages"),
    /** The chunks that may be alive in a namespace: {@link Backend.Shared#maxChunks()}. */
    MAX_CHUNKS("its chunk limit is reached", "maxChunks", "raise maxChunks"),
    /** {@link StoreConfig#maxBytes()}, in bytes. */
    MAX_BYTES("its memory limit is reached", "maxBytes", "raise maxBytes"),
    /** The address range of {@link Backend#virtual(long)}, in bytes. */
    RESERVE_BYTES(
        "its range of addresses has no place left for this",
        "reserveBytes",
        "reserve a larger range with Backend.virtual(reserveBytes)"),
    /** The memory that the operating system gives the process, in bytes. */
    MEMORY(
        "the operating system gave it no memory",
        "memoryBytes",
        "give the process more memory and set maxBytes below it"),
    /** The address space of the process ({@code RLIMIT_AS}), in bytes. */
    ADDRESS_SPACE(
        "the address space of the process is used up", "addressSpaceBytes", "raise ulimit -v"),
    /** The mappings of the process ({@code vm.max_map_count}), as a number of mappings. */
    MAP_COUNT(
        "the process has as many mappings as it may have",
        "maxMapCount",
        "use larger pages, or raise sysctl vm.max_map_count"),
    /** The open files of the process ({@code RLIMIT_NOFILE}), as a number of files. */
    OPEN_FILES(
        "the process has as many open files as it may have",
        "openFiles",
        "use larger pages, or raise ulimit -n"),
    /** The space of the file system that holds the store's files, in bytes. */
    DISK_SPACE(
        "the file system of its files is full",
        "limitBytes",
        "give that file system more room (Docker: --shm-size, 64 MiB by default)");

    private final String what;
    private final String unit;
    private final String advice;

    Limit(String what, String unit, String advice) {
      this.what = what;
      this.unit = unit;
      this.advice = advice;
    }
  }
}
