package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A page that changes as a whole or not at all: it is written in a copy, and the commit of the copy
 * survives a crash whole, or leaves the page as it was. It takes two pages of the file.
 *
 * <p>Safe for threads; one writer at a time. Needs no closing.
 */
public final class ProtectedPage implements PageHandle {
  private final ProtectedPages pages;
  private final long value;

  /**
   * Whether this object has seen the checksum match. Racy on purpose: at worst it is seen twice.
   */
  private boolean verified;

  ProtectedPage(ProtectedPages pages, long value, boolean verified) {
    this.pages = pages;
    this.value = value;
    this.verified = verified;
  }

  @Override
  public long value() {
    return value;
  }

  long number() {
    return PageId.number(value);
  }

  /**
   * Returns the bytes of the last commit, in place. The first call of this object verifies their
   * checksum, which reads them all.
   *
   * <p>Take a new segment after each commit: this one shows the same bytes until the second writer
   * after it starts, which writes to that place.
   *
   * @return a read-only segment
   * @throws InvalidPageException if the page was freed
   * @throws PagerCorruptException if the bytes do not match their checksum
   */
  public MemorySegment segment() {
    MemorySegment bytes = pages.active(value, verified);
    verified = true;
    return bytes;
  }

  /** Verifies the checksum, unless that was done before. */
  void verify() {
    if (!verified) {
      pages.verify(value);
      verified = true;
    }
  }

  /**
   * Starts to change the page. Costs a copy of it; after a commit that is not durable yet, also the
   * sync that makes it so.
   *
   * @return the writer, which the caller closes
   * @throws InvalidPageException if the page was freed
   * @throws PagerCorruptException if the bytes do not match their checksum
   * @throws IllegalStateException if it has a writer already
   */
  public Writer writer() {
    return new Writer(pages.writers().start(this));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ProtectedPage page && page.value == value && page.pages == pages;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(value);
  }

  @Override
  public String toString() {
    return "protected " + new PageId(value);
  }

  /** Changes a page in a copy. For one thread at a time. */
  public final class Writer implements AutoCloseable {
    private final MemorySegment copy;
    private boolean ended;

    private Writer(MemorySegment copy) {
      this.copy = copy;
    }

    /**
     * Returns the bytes to change: at first those of the last commit.
     *
     * @return a writable segment, not to be used after the commit or the close
     * @throws IllegalStateException if the writer was committed or closed
     */
    public MemorySegment segment() {
      checkOpen();
      return copy;
    }

    /**
     * Makes the changes the page's bytes, as durable as the pager's options say, and ends the
     * writer. Costs a checksum of the page and, with {@link Durability#SYNC}, two syncs.
     *
     * @throws IllegalStateException if the writer was committed or closed
     * @throws PagerIoException if the file system fails
     */
    public void commit() {
      commit(pages.durability());
    }

    /**
     * Makes the changes the page's bytes, and ends the writer.
     *
     * @param durability when a crash cannot undo it any more
     * @throws IllegalStateException if the writer was committed or closed
     * @throws PagerIoException if the file system fails
     */
    public void commit(Durability durability) {
      checkOpen();
      pages.writers().commit(ProtectedPage.this, copy, durability);
      ended = true;
    }

    /**
     * Commits without waiting for anything. The bytes must not be touched any more.
     *
     * @return completes when the commit is durable, on the pager's thread, see {@link
     *     DurablePageAllocator}; fails as {@link #commit()} throws, and the page has its old bytes
     *     then
     * @throws IllegalStateException if the writer was committed or closed, or the pager is closed
     */
    public CompletableFuture<Void> commitAsync() {
      checkOpen();
      CompletableFuture<Void> committed = pages.async(this::commitOrEnd);
      ended = true;
      return committed;
    }

    private void commitOrEnd() {
      boolean done = false;
      try {
        pages.writers().commit(ProtectedPage.this, copy, Durability.NONE);
        done = true;
      } finally {
        if (!done) {
          pages.writers().end(ProtectedPage.this);
        }
      }
    }

    /** Discards the changes, unless they were committed. */
    @Override
    public void close() {
      if (!ended) {
        ended = true;
        pages.writers().end(ProtectedPage.this);
      }
    }

    private void checkOpen() {
      if (ended) {
        throw new IllegalStateException(
            ProtectedPage.this + ": its writer was committed or closed");
      }
    }
  }
}
