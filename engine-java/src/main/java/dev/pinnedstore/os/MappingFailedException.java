package dev.pinnedstore.os;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** The operating system refused memory. The message names the limit and what raises it. */
public final class MappingFailedException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  /** The limit that a request ran into. */
  public enum Limit {
    /** The address space or the data size that a process may have. */
    ADDRESS_SPACE(
        "the address space of the process; raise RLIMIT_AS and RLIMIT_DATA (ulimit -v, ulimit -d),"
            + " or ask for less than the processor can address"),
    /** The number of mappings that a process may have. */
    MAP_COUNT("the number of mappings of the process; raise vm.max_map_count, or use larger pages"),
    /** The memory of the machine or of the control group; for a commit also the data size. */
    MEMORY(
        "memory; give the machine or the control group more,"
            + " or allow overcommitting (vm.overcommit_memory)"),
    /** The number of files that a process, or the machine, may have open. */
    OPEN_FILES("open files; raise RLIMIT_NOFILE (ulimit -n), or use larger pages"),
    /** The file system that backs the pages. */
    DISK_SPACE(
        "the size of the file system behind the pages; enlarge it"
            + " (Docker gives /dev/shm 64 MiB: --shm-size), or grant native access: "
            + NativeTier.flag()),
    /** Something else, which the message and the cause name. */
    OTHER("not a known limit");

    private final String advice;

    Limit(String advice) {
      this.advice = advice;
    }
  }

  /** Which limit it was. */
  private final Limit limit;

  /** What was left, or -1. */
  private final long freeBytes;

  /** The limit, or -1. */
  private final long totalBytes;

  /**
   * Says what was refused.
   *
   * @param limit which limit it was; its name and what raises it become part of the message
   * @param detail what was asked for, and what the system said
   * @param freeBytes what was left under the limit in bytes, or -1 when that is unknown
   * @param totalBytes the limit itself in bytes, or -1 when that is unknown
   * @param cause what was thrown, or null
   */
  public MappingFailedException(
      Limit limit, String detail, long freeBytes, long totalBytes, @Nullable Throwable cause) {
    super(message(limit, detail, freeBytes, totalBytes), cause);
    this.limit = limit;
    this.freeBytes = freeBytes;
    this.totalBytes = totalBytes;
  }

  /**
   * Returns the limit that was met.
   *
   * @return the limit
   */
  public Limit limit() {
    return limit;
  }

  /**
   * Returns what was left under the limit.
   *
   * @return bytes, or -1 when that is unknown or not counted in bytes
   */
  public long freeBytes() {
    return freeBytes;
  }

  /**
   * Returns the limit itself.
   *
   * @return bytes, or -1 when that is unknown or not counted in bytes
   */
  public long totalBytes() {
    return totalBytes;
  }

  private static String message(Limit limit, String detail, long freeBytes, long totalBytes) {
    String figures =
        totalBytes < 0 ? "" : ", freeBytes=" + freeBytes + ", totalBytes=" + totalBytes;
    return detail + ": limit=" + limit + figures + " (" + limit.advice + ")";
  }
}
