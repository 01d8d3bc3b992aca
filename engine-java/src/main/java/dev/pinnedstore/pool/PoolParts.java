package dev.pinnedstore.pool;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** What the parts of a pool share. */
final class PoolParts {
  final BufferPoolConfig config;
  final List<PoolFile> files;
  final PageTable table;
  final FrameTable frames;
  final FreeFrames free;
  final AccessLog accesses;
  final LatchWaits waits;
  final PoolCounters counters = new PoolCounters();
  final @Nullable WriteAheadLog wal;
  final @Nullable GuardLog guards;

  volatile boolean closed;

  /** Closed, and all is written: files and frames go. */
  volatile boolean isGone;

  PoolParts(BufferPoolConfig config, List<PoolFile> files, @Nullable WriteAheadLog wal) {
    this.config = config;
    this.files = files;
    this.wal = wal;
    this.table = new PageTable(files.size());
    this.frames =
        new FrameTable(
            config.frames(), config.pageSize(), config.checksums() ? PageTrailerLayout.BYTES : 0);
    this.free = new FreeFrames(config.frames(), config.perCorePools() ? config.framesPerCore() : 0);
    this.accesses = new AccessLog(config.frames());
    this.waits = new LatchWaits(config.pageTablePartitions());
    this.guards = config.leakDetection() ? new GuardLog() : null;
  }

  /** Returns the words of a page, made if need be; refuses an id that can be no page's. */
  long[] words(long id) {
    long[] words = find(id);
    return words == null ? table.make(id) : words;
  }

  /** The same, if they were made: a page without them is in no frame. */
  long @Nullable [] find(long id) {
    if (closed) {
      throw new BufferPoolClosedException();
    }
    long[] words = table.find(id);
    if (words == null && (id < 0 || PageIds.file(id) >= files.size())) {
      throw new IllegalArgumentException(
          "pageId="
              + id
              + ": must be between 0 and "
              + PageIds.of(files.size() - 1, PageIds.MAX_PAGE_NUMBER)
              + ", the pool has "
              + files.size()
              + " file(s)");
    }
    return words;
  }

  PoolFile file(long id) {
    return files.get(PageIds.file(id));
  }

  /**
   * Whether a page was written to a file since it was last made durable, and never will be: its
   * frame has the only bytes of it that are good for sure.
   */
  boolean isUnsynced(long id, int frame) {
    return file(id).isLost(frames.written(frame));
  }

  /** Sets a word that its caller owns, and wakes whoever waits for it. */
  void publish(long[] words, int slot, long id, WordChange change) {
    long seen;
    do {
      seen = PageWordLayout.get(words, slot);
    } while (!PageWordLayout.cas(words, slot, seen, change.of(seen)));
    if ((seen & PageWordLayout.WAIT) != 0) {
      waits.wake(words, slot, id);
    }
  }

  /** A next word. */
  @FunctionalInterface
  interface WordChange {
    long of(long word);
  }

  /** What a failure is called: of a pool that is gone, not what its files say. */
  RuntimeException failure(String what, Exception cause) {
    return isGone
        ? new BufferPoolClosedException()
        : new PageIoException(what + ": " + cause.getMessage(), cause);
  }

  String openGuards() {
    return guards == null ? "" : guards.describe();
  }

  /** Waits for an operation, uninterruptibly; an interrupt stays pending. */
  static long await(CompletableFuture<Long> operation) throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return operation.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static IOException failure(@Nullable Throwable cause) {
    return switch (cause) {
      case IOException io -> io;
      case Error error -> throw error;
      case null, default -> new IOException(cause);
    };
  }
}
