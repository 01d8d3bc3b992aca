package dev.pinnedstore.store;

import dev.pinnedstore.backend.shared.Names;
import java.time.Duration;
import java.util.Objects;

/** The legal range of each setting, and the messages that name it. */
final class ConfigRules {

  static final long PAGE_SIZE_UNIT = 4096;
  static final long MAX_PAGE_SIZE = 1L << 30;
  static final long RESERVE_UNIT = 2L << 20;
  static final long MAX_RESERVE = 1L << 46;
  static final long MIN_CHUNK_SIZE = 65;
  static final long MAX_CHUNK_SIZE = 0xFFFF_FFFFL;
  static final double MIN_THRESHOLD = 0.1;
  static final double MAX_THRESHOLD = 1.0;
  static final Duration MIN_DURATION = Duration.ofMillis(1);
  static final Duration MAX_DURATION = Duration.ofDays(365);

  private ConfigRules() {}

  static long pageSize(long bytes) {
    if (bytes < PAGE_SIZE_UNIT || bytes > MAX_PAGE_SIZE || bytes % PAGE_SIZE_UNIT != 0) {
      throw illegal(
          "pageSize",
          bytes,
          "a multiple of "
              + PAGE_SIZE_UNIT
              + " between "
              + PAGE_SIZE_UNIT
              + " and "
              + MAX_PAGE_SIZE
              + " bytes");
    }
    return bytes;
  }

  static void reserveBytes(long bytes) {
    if (bytes < RESERVE_UNIT || bytes > MAX_RESERVE || bytes % RESERVE_UNIT != 0) {
      throw illegal(
          "reserveBytes",
          bytes,
          "a multiple of "
              + RESERVE_UNIT
              + " between "
              + RESERVE_UNIT
              + " and "
              + MAX_RESERVE
              + " bytes");
    }
  }

  static double prefetchThreshold(double threshold) {
    // Written so that NaN fails.
    if (!(threshold >= MIN_THRESHOLD && threshold <= MAX_THRESHOLD)) {
      throw illegal(
          "prefetchThreshold", threshold, "between " + MIN_THRESHOLD + " and " + MAX_THRESHOLD);
    }
    return threshold;
  }

  static Duration duration(String field, Duration value) {
    Objects.requireNonNull(value, field);
    if (value.compareTo(MIN_DURATION) < 0 || value.compareTo(MAX_DURATION) > 0) {
      throw illegal(
          field, value, "between " + MIN_DURATION + " (1 ms) and " + MAX_DURATION + " (365 days)");
    }
    return value;
  }

  static int maxPages(int pages) {
    if (pages < 1) {
      throw illegal("maxPages", pages, "between 1 and " + Integer.MAX_VALUE + " pages");
    }
    return pages;
  }

  /** What can be said before the page size is known; the rest is {@link #fits}. */
  static long maxBytes(long bytes) {
    if (bytes < PAGE_SIZE_UNIT) {
      throw illegal(
          "maxBytes",
          bytes,
          "at least the page size, between "
              + PAGE_SIZE_UNIT
              + " and "
              + Long.MAX_VALUE
              + " bytes");
    }
    return bytes;
  }

  static void namespace(String namespace) {
    Objects.requireNonNull(namespace, "namespace");
    if (!Names.isLegal(namespace)) {
      throw illegal(
          "namespace",
          namespace,
          "1 to " + Names.MAX_BYTES + " bytes without a slash and NUL, not \".\" or \"..\"");
    }
  }

  static void chunkSize(long bytes) {
    if (bytes < MIN_CHUNK_SIZE || bytes > MAX_CHUNK_SIZE) {
      throw illegal(
          "chunkSize", bytes, "between " + MIN_CHUNK_SIZE + " and " + MAX_CHUNK_SIZE + " bytes");
    }
  }

  static void maxChunks(long chunks) {
    if (chunks < 1) {
      throw illegal("maxChunks", chunks, "between 1 and " + Long.MAX_VALUE + " chunks");
    }
  }

  /** What the shared backend has its own setting for must not be set beside it. */
  static void suits(Backend backend, boolean pageSizeIsSet, boolean maxPagesIsSet) {
    if (backend instanceof Backend.Shared && (pageSizeIsSet || maxPagesIsSet)) {
      throw new IllegalArgumentException(
          pageSizeIsSet
              ? "pageSize: is not for backend=shared; set Backend.shared(...).chunkSize(bytes)"
              : "maxPages: is not for backend=shared; set Backend.shared(...).maxChunks(chunks)");
    }
  }

  static void fits(Backend backend, long pageSize, long maxBytes) {
    if (backend instanceof Backend.Shared shared) {
      if (maxBytes < shared.chunkSize()) {
        throw illegal(
            "maxBytes",
            maxBytes,
            "at least chunkSize, between "
                + shared.chunkSize()
                + " and "
                + Long.MAX_VALUE
                + " bytes");
      }
      return;
    }
    if (backend instanceof Backend.Virtual range && range.reserveBytes() < pageSize) {
      throw illegal("reserveBytes", range.reserveBytes(), "at least pageSize=" + pageSize);
    }
    if (maxBytes < pageSize) {
      throw illegal(
          "maxBytes",
          maxBytes,
          "at least the page size, between " + pageSize + " and " + Long.MAX_VALUE + " bytes");
    }
  }

  private static IllegalArgumentException illegal(String field, Object value, String range) {
    return new IllegalArgumentException(field + "=" + value + ": must be " + range);
  }
}
