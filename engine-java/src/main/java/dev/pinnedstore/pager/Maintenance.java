package dev.pinnedstore.pager;

import dev.pinnedstore.os.LockFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What concerns a file as a whole; one such thing at a time. Safe for threads. */
final class Maintenance {
  private final Session session;
  private final PagerFile file;
  private final Pages pages;
  private final ProtectedPages protectedPages;

  /** Null for a simulated disk, which has no readers. */
  private final @Nullable Path path;

  Maintenance(Session session, Pages pages, ProtectedPages protectedPages, @Nullable Path path) {
    this.session = session;
    this.file = session.file();
    this.pages = pages;
    this.protectedPages = protectedPages;
    this.path = path;
  }

  VerifyReport verify() {
    return session.maintain(() -> new Verifier(file, session::checkOpen).verify());
  }

  void snapshot(Path target) throws IOException {
    try {
      session.maintain(
          () -> {
            try {
              return PagerFiles.makeLocked(
                  target,
                  disk -> {
                    new Snapshot(session, protectedPages.writers()).copyTo(disk);
                    return true;
                  });
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  long compact(Relocation relocation) {
    return session.maintain(
        () -> new Compactor(session, pages, protectedPages).compact(relocation));
  }

  long shrink() {
    return session.maintain(
        () -> {
          try (LockFile.Hold _ = withoutReaders()) {
            long[] lost = new long[1];
            file.quietly(
                () -> {
                  session.checkOpen();
                  session.space().releaseLimbo();
                  lost[0] = new Shrinker(file).shrink();
                });
            return lost[0];
          }
        });
  }

  private LockFile.@Nullable Hold withoutReaders() {
    if (path == null) {
      return null;
    }
    try {
      LockFile.Hold hold = LockFile.tryExcludeReaders(path);
      if (hold == null) {
        throw new PagerLockedException(path + ": is open for reading");
      }
      return hold;
    } catch (IOException e) {
      throw new PagerIoException("the lock file cannot be used: " + e, e);
    }
  }

  /** Does something long on a thread of its own: the pager's thread has commits to make. */
  <T> CompletableFuture<T> async(Supplier<T> work) {
    session.checkOpen();
    CompletableFuture<T> done = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("pinnedstore-pager-maintenance")
        .inheritInheritableThreadLocals(false)
        .start(() -> complete(done, work));
    return done;
  }

  private static <T> void complete(CompletableFuture<T> done, Supplier<T> work) {
    T result;
    try {
      result = work.get();
    } catch (RuntimeException | Error e) {
      done.completeExceptionally(e instanceof UncheckedIOException io ? io.getCause() : e);
      return;
    }
    done.complete(result);
  }
}
