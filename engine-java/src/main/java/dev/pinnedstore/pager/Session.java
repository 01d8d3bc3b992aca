package dev.pinnedstore.pager;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A file while a pager has it open, as all parts of the pager share it: how it is asked, and how it
 * is changed. Safe for threads.
 */
final class Session {
  private final PagerFile file;
  private final PagerOptions options;
  private final PageSpace space;
  private final CommitThread commits;
  private final @Nullable CheckedPages checked;

  /** Held by what copies or moves many pages. */
  private final ReentrantLock maintenance = new ReentrantLock();

  private volatile boolean closed;

  Session(PagerFile file, PagerOptions options) {
    this.file = file;
    this.options = options;
    this.space = new PageSpace(file, options.sparse());
    this.commits = new CommitThread(file, options.groupInterval());
    this.checked = options.checked() ? new CheckedPages(file.extents()) : null;
  }

  PagerFile file() {
    return file;
  }

  PagerOptions options() {
    return options;
  }

  Durability durability() {
    return options.durability();
  }

  PageSpace space() {
    return space;
  }

  /** Null unless the options say so. */
  @Nullable CheckedPages checked() {
    return checked;
  }

  /** Ends the segments of a use in checked mode. Under the state lock. */
  void endUse(Object use) {
    if (checked != null) {
      checked.end(use);
    }
  }

  static IllegalStateException closed() {
    return new IllegalStateException("the pager is closed");
  }

  void checkOpen() {
    if (closed) {
      throw closed();
    }
  }

  /** Goes before every change, under the state lock. */
  void beginChange() {
    checkOpen();
    file.beginChange(options.sparse());
  }

  /** Asks the state under its lock. */
  <T> T read(Supplier<T> question) {
    file.lock();
    try {
      checkOpen();
      return question.get();
    } finally {
      file.unlock();
    }
  }

  /**
   * Makes a change: all of it commits together. The action throws before it changes anything that
   * anybody may see.
   */
  void change(Durability durability, Runnable action) {
    change(durability, () -> false, action);
  }

  /** Makes a change, after a commit if that is the better way to find room for it. */
  void change(Durability durability, BooleanSupplier wantsCommit, Runnable action) {
    long change = 0;
    while (change == 0) {
      file.lock();
      try {
        beginChange();
        if (!wantsCommit.getAsBoolean()) {
          action.run();
          change = file.changes().end();
        }
      } finally {
        file.unlock();
      }
      if (change == 0) {
        file.commitAll();
      }
    }
    finish(change, durability);
  }

  void finish(long change, Durability durability) {
    switch (durability) {
      case SYNC -> file.await(change);
      case GROUP -> commits.expectCommit();
      case NONE -> {}
    }
  }

  static void checkCount(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("count=" + count + ": must not be negative");
    }
  }

  /**
   * Makes a call on the pager's thread; it is durable when the future completes.
   *
   * @param undo is given the result if nobody will see it: the future was cancelled meanwhile
   */
  <T> CompletableFuture<T> async(Supplier<T> call, Consumer<? super T> undo) {
    return commits.submit(call, undo);
  }

  CompletableFuture<Void> async(Runnable call) {
    return commits
        .submit(
            () -> {
              call.run();
              return true;
            },
            done -> {})
        .thenAccept(done -> {});
  }

  /** Does something that copies or moves pages, while nobody else does. */
  <T> T maintain(Supplier<T> work) {
    maintenance.lock();
    try {
      checkOpen();
      return work.get();
    } finally {
      maintenance.unlock();
    }
  }

  /** Makes everything durable and unmaps the file; false if that was done before. */
  boolean close() {
    commits.close();
    file.lock();
    try {
      if (closed) {
        return false;
      }
      closed = true;
    } finally {
      file.unlock();
    }
    try {
      file.finish();
    } finally {
      endAll();
    }
    return true;
  }

  private void endAll() {
    boolean ended = false;
    try {
      if (checked != null) {
        checked.close();
      }
      ended = true;
    } finally {
      if (ended) {
        file.close();
      } else {
        // The call that uses a segment must not find its bytes gone.
        file.closeMapped();
      }
    }
  }
}
