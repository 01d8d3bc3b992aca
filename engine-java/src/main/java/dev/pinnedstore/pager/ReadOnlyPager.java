package dev.pinnedstore.pager;

import dev.pinnedstore.os.Disk;
import dev.pinnedstore.os.FileDisk;
import dev.pinnedstore.os.LockFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads a pager file, in any number of processes, beside one that writes it. It shows what the
 * writer has committed when it last looked, and looks again when it meets an id that it does not
 * know, when it is asked for counts or iterators, and in {@link #refresh()}.
 *
 * <p>Safe for threads. A commit can be seen a moment before it is durable. The bytes of pages are
 * shared with the writer, and change as it writes; protected pages are given as copies.
 */
public final class ReadOnlyPager implements AutoCloseable {
  /** How often a writer may be faster. */
  private static final int ATTEMPTS = 100;

  private final Disk disk;
  private final LockFile.Hold lock;
  private Recovery recovery;

  /** What the last look found. */
  private volatile PagerFile file;

  private volatile boolean closed;

  private ReadOnlyPager(Disk disk, Recovery recovery, LockFile.Hold lock) {
    this.disk = disk;
    this.recovery = recovery;
    this.file = recovery.file();
    this.lock = lock;
  }

  /**
   * Opens a file. Changes nothing in it, not even after a crash of its writer, and needs no right
   * to: the lock file beside it is made if it can be, and else must be there.
   *
   * @param path where it is
   * @param pageSize size of a page in bytes, which must be that of the file
   * @return the pager, which the caller closes
   * @throws IOException if the file does not exist, has a second hard link, or cannot be opened
   * @throws IllegalArgumentException if the page size is not that of the file
   * @throws PagerLockedException if the writer is just making the file smaller
   * @throws PagerCorruptException if it is damaged, cut short, newer, or no pager file
   */
  public static ReadOnlyPager open(Path path, long pageSize) throws IOException {
    Geometry.checkPageSize(pageSize);
    FileDisk disk = FileDisk.openReadOnly(path);
    LockFile.Hold lock = null;
    boolean done = false;
    try {
      lock = LockFile.tryRead(path);
      if (lock == null) {
        throw new PagerLockedException(path + ": is being made smaller");
      }
      ReadOnlyPager pager = open(disk, pageSize, lock);
      done = true;
      return pager;
    } finally {
      if (!done) {
        close(disk, lock);
      }
    }
  }

  private static void close(Disk disk, LockFile.@Nullable Hold lock) throws IOException {
    try {
      disk.close();
    } finally {
      if (lock != null) {
        lock.close();
      }
    }
  }

  /** Opens a disk, which stays open if that fails. */
  static ReadOnlyPager open(Disk disk, long pageSize, LockFile.Hold lock) {
    return new ReadOnlyPager(
        disk, patiently(disk, () -> Recovery.openReadOnly(disk, pageSize)), lock);
  }

  /**
   * Tries again where the writer was faster. What is as it was at the last attempt is damaged: a
   * writer that overwrites what is read has written to the log or a superblock before.
   */
  private static <T> T patiently(Disk disk, Supplier<T> attempt) {
    int seen = 0;
    for (int failures = 1; ; failures++) {
      try {
        return attempt.get();
      } catch (PagerCorruptException e) {
        int now = Recovery.stamp(disk);
        if (failures == ATTEMPTS || (failures > 1 && now == seen)) {
          throw e;
        }
        seen = now;
      }
    }
  }

  /**
   * Looks at what the writer has committed by now. Costs a look at the superblocks and at what is
   * new in the log, and after a checkpoint of the writer what opening costs.
   *
   * @throws PagerCorruptException if the file is damaged
   * @throws IllegalStateException if this pager is closed
   */
  public void refresh() {
    synchronized (lock) {
      checkOpen();
      patiently(disk, this::look);
    }
  }

  private PagerFile look() {
    recovery = recovery.refreshed();
    file = recovery.file();
    return file;
  }

  /** Asks the file as it is now. */
  private <T> T ask(Function<PagerFile, T> question) {
    synchronized (lock) {
      checkOpen();
      return patiently(disk, () -> question.apply(look()));
    }
  }

  private void checkOpen() {
    if (closed) {
      throw Session.closed();
    }
  }

  /**
   * Returns the size of a page.
   *
   * @return bytes
   */
  public int pageSize() {
    return file.geometry().pageSize();
  }

  /**
   * Counts the pages of the file, in use and free.
   *
   * @return pages
   */
  public long pageCount() {
    return ask(now -> now.table().pageCount());
  }

  /**
   * Counts the free pages of the file.
   *
   * @return pages
   */
  public long freePageCount() {
    return ask(now -> now.table().freeCount());
  }

  /**
   * Returns a number that the writer keeps.
   *
   * @param index 0 to 15
   * @return the number
   * @throws IndexOutOfBoundsException if the index is out of its range
   */
  public long root(int index) {
    Objects.checkIndex(index, SuperblockLayout.ROOTS);
    return ask(now -> now.root(index));
  }

  /**
   * Returns the bytes of a page, in place. Takes no lock for a page that was seen before.
   *
   * @param id what names it
   * @return a read-only segment
   * @throws InvalidPageException if the page is not in use by this id
   * @throws IllegalStateException if this pager is closed
   */
  public MemorySegment page(PageId id) {
    PagerFile now = file;
    if (isInUse((int) now.table().peek(id.number()), id)) {
      return now.extents().page(id.number()).asReadOnly();
    }
    return ask(
        fresh -> {
          boolean known = id.number() < fresh.table().pageCount();
          if (!known || !isInUse((int) fresh.table().get(id.number()), id)) {
            throw new InvalidPageException(id + ": is not in use");
          }
          return fresh.extents().page(id.number()).asReadOnly();
        });
  }

  private static boolean isInUse(int word, PageId id) {
    return word == PageWord.low(PageWord.PAGE, id.reuse());
  }

  /**
   * Copies the last commit of a protected page, and verifies its checksum.
   *
   * @param value what {@link ProtectedPage#value()} said
   * @return a read-only copy
   * @throws InvalidPageException if there is no such page
   * @throws PagerCorruptException if its bytes do not match their checksum
   * @throws IllegalStateException if this pager is closed
   */
  public MemorySegment protectedPage(long value) {
    return ask(
        now -> {
          PageTable table = now.table();
          long page = PageId.number(value);
          long word = page < table.pageCount() ? table.get(page) : 0;
          if (PageWord.reuse(word) != PageId.reuse(value) || !table.isPaired(page, word)) {
            throw new InvalidPageException(new PageId(value) + ": is no protected page in use");
          }
          long place = table.activePlace(page, word);
          byte[] bytes = now.extents().page(place).toArray(ValueLayout.JAVA_BYTE);
          MemorySegment copy = MemorySegment.ofArray(bytes).asReadOnly();
          if (ProtectedPages.checksum(copy, value) != PageWord.payload(word)) {
            throw new PagerCorruptException(
                "protected page", new PageId(value) + ": its bytes do not match their checksum");
          }
          return copy;
        });
  }

  /**
   * Returns the pages in use, without protected pages and those that hold sub-pages.
   *
   * @return an unmodifiable view, in the order of page numbers; iterators look at the file as they
   *     go, and see what the writer changes meanwhile, or not
   */
  public Iterable<PageId> allocated() {
    return iterable(
        (page, word, items) -> {
          if (PageWord.kind(word) == PageWord.PAGE) {
            items.add(PageId.of(page, PageWord.reuse(word)));
          }
        });
  }

  /**
   * Returns the protected pages in use.
   *
   * @return an unmodifiable view of their values, as of {@link #allocated()}
   */
  public Iterable<Long> allocatedProtected() {
    return iterable(
        (page, word, items) -> {
          if (PageWord.isProtected(word)) {
            items.add(PageId.value(page, PageWord.reuse(word)));
          }
        });
  }

  private <T> Iterable<T> iterable(LeafIterator.Pick<T> pick) {
    return () ->
        new LeafIterator<>(
            leaf -> ask(now -> LeafIterator.read(now.table(), leaf, PageTable.HAS_USED, pick)));
  }

  /**
   * Unmaps the file: any access to a segment of it throws {@code IllegalStateException} from now
   * on. The second call does nothing.
   *
   * @throws IllegalStateException if a thread is in a native call with a segment of a page
   */
  @Override
  public void close() {
    synchronized (lock) {
      if (!closed) {
        closed = true;
        try {
          file.close();
        } finally {
          lock.close();
        }
      }
    }
  }
}
