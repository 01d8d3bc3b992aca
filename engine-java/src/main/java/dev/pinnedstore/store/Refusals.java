package dev.pinnedstore.store;

import dev.pinnedstore.backend.Codes;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.store.StoreFullException.Limit;
import org.jspecify.annotations.Nullable;

/** Makes exceptions of what a backend or the operating system refuses. */
final class Refusals {
  private Refusals() {}

  /** The exception of a refusal by a code; the last refusal of the system goes with one of them. */
  static StoreFullException full(
      long code, StoreConfig config, @Nullable MappingFailedException system, long sizeBytes) {
    if (code == Codes.FULL_PAGES) {
      return new StoreFullException(Limit.MAX_PAGES, config.maxPages());
    }
    if (code == Codes.FULL_BYTES) {
      return new StoreFullException(Limit.MAX_BYTES, config.maxBytes());
    }
    if (code == Codes.FULL_ADDRESSES && config.backend() instanceof Backend.Virtual range) {
      return new StoreFullException(Limit.RESERVE_BYTES, range.reserveBytes());
    }
    return refused(system, Math.max(sizeBytes, config.pageSize()));
  }

  /** The exception of a refusal by the operating system, that was asked for so many bytes. */
  static StoreFullException refused(@Nullable MappingFailedException cause, long bytes) {
    return new StoreFullException(
        cause == null ? Limit.MEMORY : limit(cause.limit()),
        -1,
        cause == null ? -1 : cause.freeBytes(),
        cause == null ? -1 : cause.totalBytes(),
        bytes,
        cause);
  }

  private static Limit limit(MappingFailedException.Limit limit) {
    return switch (limit) {
      case ADDRESS_SPACE -> Limit.ADDRESS_SPACE;
      case MAP_COUNT -> Limit.MAP_COUNT;
      case OPEN_FILES -> Limit.OPEN_FILES;
      case DISK_SPACE -> Limit.DISK_SPACE;
      case MEMORY, OTHER -> Limit.MEMORY;
    };
  }
}
