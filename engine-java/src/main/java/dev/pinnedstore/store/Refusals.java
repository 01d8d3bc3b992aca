package dev.pinnedstore.store;

import dev.pinnedstore.backend.Codes;
import dev.pinnedstore.backend.shared.CellsTakenException;
import dev.pinnedstore.backend.shared.NamespaceRefusedException;
import dev.pinnedstore.backend.shared.SharedBackend;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MappingLostException;
import dev.pinnedstore.store.NamespaceException.Reason;
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
    if (config.backend() instanceof Backend.Shared shared) {
      return code == Codes.FULL_CHUNKS
          ? new StoreFullException(
              Limit.MAX_CHUNKS, Math.min(shared.maxChunks(), SharedBackend.MOST_CHUNKS))
          : refused(system, shared.chunkSize());
    }
    return refused(system, Math.max(sizeBytes, config.pageSize()));
  }

  /** The exception of a namespace that cannot be joined. */
  static NamespaceException namespace(NamespaceRefusedException e) {
    Reason reason =
        switch (e.reason()) {
          case MISSING -> Reason.MISSING;
          case IN_USE -> Reason.IN_USE;
          case CORRUPT -> Reason.CORRUPT;
          case FOREIGN_OWNER -> Reason.FOREIGN_OWNER;
        };
    return new NamespaceException(reason, String.valueOf(e.getMessage()), e);
  }

  /** The exception of an illegal state that means that the memory is not ours, or that itself. */
  static RuntimeException lost(IllegalStateException e) {
    return switch (e) {
      case MappingLostException _ -> new BackingLostException(String.valueOf(e.getMessage()), e);
      case CellsTakenException _ ->
          new NamespaceException(Reason.CORRUPT, String.valueOf(e.getMessage()), e);
      default -> e;
    };
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
