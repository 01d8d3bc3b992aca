package dev.pinnedstore.pager;

import dev.pinnedstore.os.FileDisk;
import dev.pinnedstore.os.LockFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.LongFunction;

/**
 * Reads a pager file, in any number of processes, beside one that writes it. It shows what the
 * writer has committed when it last looked, and looks again when it meets an id that it does not
 * know, when it is asked for counts or iterators, and in {@link #refresh()}.
 *
 * <p>Safe for threads. A commit can be seen a moment before it is durable. The bytes of pages are
 * shared with the writer, and change as it writes; protected pages are given as copies.
 */
public final class ReadOnlyPager implements AutoCloseable {
  private static final int ATTEMPTS = 1000;

  private final LockFile.Hold lock;
  private Recovery recovery;

  /** What the last look found. */
  private volatile PagerFile file;

  private volatile boolean closed;

  private ReadOnlyPager(Recovery recovery, LockFile.Hold lock) {
    this.recovery = recovery;
    this.file = recovery.file();
    this.lock = lock;
  }

  /**
   * Opens a file. Changes nothing in it, not even after a crash of its writer.
   *
   * @param path where it is
   * @param pageSize size of a page in bytes, which must be that of the file
   * @return the pager, which the caller closes
   * @throws IOException if the file does not exist, or cannot be opened
   * @throws IllegalArgumentException if the page size is not that of the file
   * @throws PagerLockedException if the writer is just making the file smaller
   * @throws PagerCorruptException if it is damaged, cut short, newer, or no pager file
   */
  public static ReadOnlyPager open(Path path, long pageSize) throws IOException {
    Geometry.checkPageSize(pageSize);
    FileDisk disk = FileDisk.openReadOnly(path);
    LockFile.Hold lock = null;
    ReadOnlyPager pager = null;
    try {
      lock = LockFile.tryRead(path);
      if (lock == null) {
        throw new PagerLockedException(path + ": is being made smaller");
      }
      pager = new ReadOnlyPager(patiently(() -> Recovery.openReadOnly(disk, pageSize)), lock);
      return pager;
    } finally {
      if (pager == null) {
        disk.close();
        if (lock != null) {
          lock.close();
        }
      }
    }
  }

  private interface Attempt<T> {
    T make();
  }

  /** Tries again where the writer was faster; what is really damaged stays so. */
  private static <T> T patiently(Attempt<T> attempt) {
    for (int left = ATTEMPTS; ; left--) {
      try {
        return attempt.make();
      } catch (PagerCorruptException e) {
        if (left == 0) {
          throw e;
        }
        Thread.onSpinWait();
      }
    }
  }

  /**
   * Looks at what the writer has committed by now. Costs a copy of the log, and after a checkpoint
   * of the writer what opening costs.
   *
   * @throws PagerCorruptException if the file is damaged
   * @throws IllegalStateException if this pager is closed
   */
  public void refresh() {
    synchronized (lock) {
      checkOpen();
      recovery = patiently(() -> recovery.refreshed());
      file = recovery.file();
    }
  }

  /** Asks the file as it is now. */
  private <T> T ask(Function<PagerFile, T> question) {
    synchronized (lock) {
      return patiently(
          () -> {
            refresh();
            return question.apply(file);
          });
    }
  }

  private void checkOpen() {
    if (closed) {
      throw Pager.closed();
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
    if (!isInUse((int) now.table().peek(id.number()), id)) {
      now =
          ask(
              fresh -> {
                boolean known = id.number() < fresh.table().pageCount();
                if (!known || !isInUse((int) fresh.table().get(id.number()), id)) {
                  throw new InvalidPageException(id + ": is not in use");
                }
                return fresh;
              });
    }
    return now.extents().page(id.number()).asReadOnly();
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
          if (!PageWord.isProtected(word)
              || PageWord.reuse(word) != PageId.reuse(value)
              || table.partner(page) >= table.pageCount()) {
            throw new InvalidPageException(new PageId(value) + ": is no protected page in use");
          }
          long place = PageWord.kind(word) == PageWord.PROTECTED ? page : table.partner(page);
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
   * Lists the pages in use, without protected pages and those that hold sub-pages.
   *
   * @return their ids, of one commit, in the order of page numbers
   */
  public List<PageId> allocated() {
    return ask(now -> list(now, PageWord.PAGE, PageWord.PAGE, PageId::new));
  }

  /**
   * Lists the protected pages in use.
   *
   * @return their values, of one commit, in the order of page numbers
   */
  public List<Long> allocatedProtected() {
    return ask(now -> list(now, PageWord.PROTECTED, PageWord.PROTECTED_SWAPPED, Long::valueOf));
  }

  private static <T> List<T> list(PagerFile file, int kind, int otherKind, LongFunction<T> item) {
    List<T> items = new ArrayList<>();
    PageTable table = file.table();
    for (long leaf = 0; leaf < table.leaves(); leaf++) {
      if (!table.words().mayHave(leaf, PageTable.HAS_USED)) {
        continue;
      }
      long first = leaf << WordMap.LEAF_SHIFT;
      long end = Math.min(table.pageCount(), first + WordMap.LEAF_WORDS);
      for (long page = first; page < end; page++) {
        long word = table.get(page);
        if (PageWord.kind(word) == kind || PageWord.kind(word) == otherKind) {
          items.add(item.apply(PageId.value(page, PageWord.reuse(word))));
        }
      }
    }
    return List.copyOf(items);
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
