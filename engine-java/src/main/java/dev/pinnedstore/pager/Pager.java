package dev.pinnedstore.pager;

import dev.pinnedstore.os.Disk;
import dev.pinnedstore.os.FileDisk;
import dev.pinnedstore.os.LockFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A file of pages of one size, which survives a kill or a power failure at any moment: which pages
 * are in use is always as of some change, and never before one that was made durable. Pages are
 * mapped and never move; the file grows as needed.
 *
 * <p>Safe for threads. {@link #page} takes no lock; changes take one for tens of nanoseconds. One
 * pager at a time has a file open for writing, in all processes; others read it through {@link
 * ReadOnlyPager}. A virtual thread that waits for a sync holds its carrier.
 *
 * <p>What a crash leaves of the <em>bytes</em> of a page is whatever the system has written; {@link
 * #flush(PageId)} and {@link #sync()} wait for that, and {@link ProtectedPage} changes as a whole.
 */
public final class Pager implements BulkPageAllocator<PageId>, AutoCloseable {
  private static final long DEFAULT_LOG_BYTES = (1 << 20) - Geometry.LOG_POSITION;

  private final PagerFile file;
  private final PageTable table;

  /** What {@link #page} needs, at hand. */
  private final WordMap words;

  private final Extents extents;
  private final PageSpace space;
  private final PagerOptions options;
  private final ProtectedPages protectedPages;
  private final CommitThread commits;
  private final @Nullable CheckedPages checked;
  private final Runnable unlock;
  private final @Nullable Path path;

  private final @Nullable SubPages[] subPages =
      new @Nullable SubPages[SlotWord.MAX_SLOTS_SHIFT + 1];

  /** Held by what copies or moves many pages. */
  private final ReentrantLock maintenance = new ReentrantLock();

  private volatile boolean closed;

  Pager(PagerFile file, PagerOptions options, @Nullable Path path, Runnable unlock) {
    this.file = file;
    this.table = file.table();
    this.words = table.words();
    this.extents = file.extents();
    this.options = options;
    this.path = path;
    this.unlock = unlock;
    this.space = new PageSpace(file, options.sparse());
    this.protectedPages = new ProtectedPages(this, file, space);
    this.commits = new CommitThread(file, options.groupInterval());
    this.checked = options.checked() ? new CheckedPages(file.extents()) : null;
  }

  // ---- open and close

  /**
   * Makes a pager file that does not exist yet, with the default options.
   *
   * @param path where; an empty file with the suffix {@code .lock} beside it carries the lock, and
   *     stays
   * @param pageSize size of a page in bytes, a power of two from 1024 to 2^30
   * @return the pager, which the caller closes
   * @throws IOException if the file exists, or cannot be made
   * @throws IllegalArgumentException if the page size is out of its range
   * @throws PagerLockedException if somebody else is making it
   * @throws PagerFullException if the file system has no room for it
   */
  public static Pager create(Path path, long pageSize) throws IOException {
    return create(path, pageSize, PagerOptions.defaults());
  }

  /**
   * Makes a pager file that does not exist yet.
   *
   * @param path where; an empty file with the suffix {@code .lock} beside it carries the lock, and
   *     stays
   * @param pageSize size of a page in bytes, a power of two from 1024 to 2^30
   * @param options how the pager behaves
   * @return the pager, which the caller closes
   * @throws IOException if the file exists, or cannot be made
   * @throws IllegalArgumentException if the page size is out of its range
   * @throws PagerLockedException if somebody else is making it
   * @throws PagerFullException if the file system has no room for it
   */
  public static Pager create(Path path, long pageSize, PagerOptions options) throws IOException {
    Geometry.checkPageSize(pageSize);
    Objects.requireNonNull(options, "options");
    return locked(
        path,
        lock -> {
          FileDisk disk = FileDisk.create(path);
          Pager pager = null;
          try {
            pager = create(disk, geometry(pageSize), options, path, lock::close);
            return pager;
          } finally {
            if (pager == null) {
              Files.deleteIfExists(path);
            }
          }
        });
  }

  /**
   * Opens a pager file, and finishes what a crash may have left unfinished.
   *
   * @param path where it is
   * @param pageSize size of a page in bytes, which must be that of the file
   * @return the pager, which the caller closes
   * @throws IOException if the file does not exist, or cannot be opened
   * @throws IllegalArgumentException if the page size is not that of the file
   * @throws PagerLockedException if somebody else has it open for writing
   * @throws PagerCorruptException if it is damaged, cut short, newer, or no pager file
   */
  public static Pager open(Path path, long pageSize) throws IOException {
    return open(path, pageSize, PagerOptions.defaults());
  }

  /**
   * Opens a pager file, and finishes what a crash may have left unfinished.
   *
   * <p>Cost: reads the upper levels of the page map, a 32000th of the file at pages of 4 KiB;
   * leaves of the map are read when they are first needed.
   *
   * @param path where it is
   * @param pageSize size of a page in bytes, which must be that of the file
   * @param options how the pager behaves
   * @return the pager, which the caller closes
   * @throws IOException if the file does not exist, or cannot be opened
   * @throws IllegalArgumentException if the page size is not that of the file
   * @throws PagerLockedException if somebody else has it open for writing
   * @throws PagerCorruptException if it is damaged, cut short, newer, or no pager file
   */
  public static Pager open(Path path, long pageSize, PagerOptions options) throws IOException {
    Geometry.checkPageSize(pageSize);
    Objects.requireNonNull(options, "options");
    return locked(path, lock -> open(FileDisk.open(path), pageSize, options, path, lock::close));
  }

  private interface Opening {
    Pager open(LockFile.Hold lock) throws IOException;
  }

  private static Pager locked(Path path, Opening opening) throws IOException {
    LockFile.Hold lock = LockFile.tryWrite(path);
    if (lock == null) {
      throw new PagerLockedException(path + ": is open for writing already");
    }
    Pager pager = null;
    try {
      pager = opening.open(lock);
      return pager;
    } finally {
      if (pager == null) {
        lock.close();
      }
    }
  }

  static Geometry geometry(long pageSize) {
    return new Geometry(Long.numberOfTrailingZeros(pageSize), DEFAULT_LOG_BYTES);
  }

  static Pager create(
      Disk disk, Geometry geometry, PagerOptions options, @Nullable Path path, Runnable unlock)
      throws IOException {
    return opened(
        disk,
        () -> {
          PagerFile file = PagerFile.create(disk, geometry, new SecureRandom().nextLong());
          return new Pager(file, options, path, unlock);
        });
  }

  static Pager open(
      Disk disk, long pageSize, PagerOptions options, @Nullable Path path, Runnable unlock)
      throws IOException {
    return opened(
        disk,
        () -> {
          PagerFile file = Recovery.open(disk, pageSize);
          return new Pager(file, options, path, unlock);
        });
  }

  private static Pager opened(Disk disk, Supplier<Pager> opening) throws IOException {
    Pager pager = null;
    try {
      pager = opening.get();
      return pager;
    } finally {
      if (pager == null) {
        disk.close();
      }
    }
  }

  /**
   * Makes all changes durable and unmaps the file: any access to a segment of it throws {@code
   * IllegalStateException} from now on. The bytes of pages are the system's to write; call {@link
   * #sync()} before to wait for that. Asynchronous calls made before are finished. The second call
   * does nothing.
   *
   * @throws PagerIoException if the file system fails, or failed before; the file is closed all the
   *     same
   * @throws IllegalStateException if a thread is in a native call with a segment of a page; the
   *     changes are durable, and the file is unlocked
   */
  @Override
  public void close() {
    commits.close();
    file.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
    } finally {
      file.unlock();
    }
    try {
      file.finish();
    } finally {
      try {
        if (checked != null) {
          checked.close();
        }
        file.close();
      } finally {
        unlock.run();
      }
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

  // ---- what it is

  /**
   * Makes the file so large that a number of pages is free, so that allocating them does not wait
   * for space. They are durable with the next commit.
   *
   * @param pages how many
   * @throws PagerFullException if the file system has no room for them
   * @throws IllegalArgumentException if the number is negative
   * @throws IllegalStateException if the pager is closed
   */
  public void reserve(long pages) {
    if (pages < 0) {
      throw new IllegalArgumentException("pages=" + pages + ": must not be negative");
    }
    change(Durability.NONE, () -> space.reserve(pages));
  }

  /**
   * Returns the size of a page.
   *
   * @return bytes
   */
  @Override
  public int pageSize() {
    return file.geometry().pageSize();
  }

  /**
   * Returns how the pager behaves.
   *
   * @return the options it was opened with
   */
  public PagerOptions options() {
    return options;
  }

  /**
   * Counts the pages that the file has: those in use and those that are free. A protected page
   * counts as two.
   *
   * @return pages
   */
  public long pageCount() {
    return read(table::pageCount);
  }

  /**
   * Counts the pages that are free.
   *
   * @return pages
   */
  public long freePageCount() {
    return read(table::freeCount);
  }

  <T> T read(Supplier<T> question) {
    file.lock();
    try {
      checkOpen();
      return question.get();
    } finally {
      file.unlock();
    }
  }

  // ---- pages

  /**
   * Returns the bytes of a page, in place: the same address until the pager is closed. No system
   * call, no lock; the page is touched when its bytes are.
   *
   * <p>The id is checked. A segment that is kept beyond {@link #free(PageId)} stays mapped, and
   * shows what the next owner writes; see {@link PagerOptions#checked()}.
   *
   * @param id what names it
   * @return a writable segment
   * @throws InvalidPageException if the page is not in use by this id
   * @throws IllegalStateException if the pager is closed
   */
  public MemorySegment page(PageId id) {
    if (checked != null) {
      return checkedPage(checked, id);
    }
    long value = id.value();
    long page = PageId.number(value);
    int expected = PageWord.low(PageWord.PAGE, PageId.reuse(value));
    if ((int) words.peek(page) != expected) {
      checkSlowly(id);
    }
    return extents.page(page);
  }

  /** With the lock: what ends the use of a page, or unmaps it, must find the segment made here. */
  private MemorySegment checkedPage(CheckedPages pages, PageId id) {
    file.lock();
    try {
      checkOpen();
      checkInUse(id);
      return pages.page(id);
    } finally {
      file.unlock();
    }
  }

  /** Reads the leaf of the map if nobody has so far, or refuses. */
  private void checkSlowly(PageId id) {
    file.lock();
    try {
      checkOpen();
      checkInUse(id);
    } finally {
      file.unlock();
    }
  }

  private void checkInUse(PageId id) {
    if (id.number() >= table.pageCount()
        || (int) table.get(id.number()) != PageWord.low(PageWord.PAGE, id.reuse())) {
      throw refuse(id, "a page");
    }
  }

  /** Says what is wrong with an id. Under the state lock. */
  InvalidPageException refuse(PageId id, String expected) {
    String why;
    if (id.number() >= table.pageCount()) {
      why = "pageCount=" + table.pageCount();
    } else {
      long word = table.get(id.number());
      int next = PageWord.isFree(word) ? PageWord.reuse(word) : PageWord.reuse(word) + 1;
      if (id.reuse() >= next || id.reuse() == 0) {
        why = "it was never issued";
      } else if (PageWord.isFree(word) || PageWord.reuse(word) != id.reuse()) {
        why = "it was freed";
      } else {
        why = "it is not " + expected;
      }
    }
    return new InvalidPageException(id + ": " + why);
  }

  /**
   * Hands out a page, as durable as the options say.
   *
   * @return what names it
   * @throws PagerFullException if the file system has no room for another one
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  @Override
  public PageId alloc() {
    return alloc(options.durability());
  }

  /**
   * Hands out a page: the lowest that is free. Costs no system call, but for those that the
   * durability needs, and to make the file larger, which takes 64 MiB at most at a time.
   *
   * @param durability when a crash cannot undo it any more
   * @return what names it
   * @throws PagerFullException if the file system has no room for another one
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public PageId alloc(Durability durability) {
    PageId id = null;
    long change = 0;
    while (id == null) {
      file.lock();
      try {
        checkChangeable();
        if (!space.wantsCommit(1)) {
          id = space.take(PageWord.PAGE);
          change = file.changed();
        }
      } finally {
        file.unlock();
      }
      if (id == null) {
        file.commitAll();
      }
    }
    finish(change, durability);
    zero(id);
    return id;
  }

  /**
   * Takes a page back, as durably as the options say.
   *
   * @param page what names it
   * @throws InvalidPageException if it is not in use by this id; freed before, for one
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  @Override
  public void free(PageId page) {
    free(page, options.durability());
  }

  /**
   * Takes a page back. It is handed out again once this is durable: until then a crash would bring
   * its owner back.
   *
   * @param page what names it
   * @param durability when a crash cannot undo it any more
   * @throws InvalidPageException if it is not in use by this id; freed before, for one
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public void free(PageId page, Durability durability) {
    long change;
    file.lock();
    try {
      checkChangeable();
      checkInUse(page);
      endUse(page);
      space.free(page.number());
      change = file.changed();
    } finally {
      file.unlock();
    }
    finish(change, durability);
  }

  /**
   * Hands out pages in one change, as durable as the options say.
   *
   * @param count how many, 0 or more
   * @return what names them, in the order of their numbers; unmodifiable
   * @throws PagerFullException if there is not room for all; nothing has changed then
   * @throws PagerIoException if the file system fails
   * @throws IllegalArgumentException if the count is negative
   * @throws IllegalStateException if the pager is closed
   */
  @Override
  public List<PageId> allocBulk(int count) {
    return allocBulk(count, options.durability());
  }

  /**
   * Hands out pages in one change.
   *
   * @param count how many, 0 or more
   * @param durability when a crash cannot undo it any more
   * @return what names them, in the order of their numbers; unmodifiable
   * @throws PagerFullException if there is not room for all; nothing has changed then
   * @throws PagerIoException if the file system fails
   * @throws IllegalArgumentException if the count is negative
   * @throws IllegalStateException if the pager is closed
   */
  public List<PageId> allocBulk(int count, Durability durability) {
    checkCount(count);
    PageId[] ids = new PageId[count];
    makeRoom(count);
    change(
        durability,
        () -> {
          space.reserve(count);
          int taken = 0;
          try {
            while (taken < count) {
              ids[taken] = space.take(PageWord.PAGE);
              taken++;
            }
          } finally {
            // A leaf of the map that is damaged, or no heap for it.
            for (int i = 0; taken < count && i < taken; i++) {
              space.giveBack(ids[i].number());
            }
          }
        });
    for (PageId id : ids) {
      zero(id);
    }
    return List.of(ids);
  }

  static void checkCount(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("count=" + count + ": must not be negative");
    }
  }

  /**
   * Takes pages back in one change, as durably as the options say.
   *
   * @param pages what names them
   * @throws InvalidPageException if one of them is not in use, or named twice; nothing has changed
   *     then
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  @Override
  public void freeBulk(Collection<? extends PageId> pages) {
    freeBulk(pages, options.durability());
  }

  /**
   * Takes pages back in one change. Costs a sort of the ids.
   *
   * @param pages what names them
   * @param durability when a crash cannot undo it any more
   * @throws InvalidPageException if one of them is not in use, or named twice; nothing has changed
   *     then
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public void freeBulk(Collection<? extends PageId> pages, Durability durability) {
    long[] numbers = new long[pages.size()];
    change(
        durability,
        () -> {
          int count = 0;
          for (PageId id : pages) {
            checkInUse(id);
            numbers[count++] = id.number();
          }
          Arrays.sort(numbers);
          for (int i = 1; i < numbers.length; i++) {
            if (numbers[i] == numbers[i - 1]) {
              throw new InvalidPageException("page " + numbers[i] + ": named twice");
            }
          }
          for (PageId id : pages) {
            endUse(id);
          }
          for (long page : numbers) {
            space.free(page);
          }
        });
  }

  private void endUse(PageId id) {
    if (checked != null) {
      checked.end(id);
    }
  }

  private void zero(PageId id) {
    if (options.zeroed()) {
      file.extents().page(id.number()).fill((byte) 0);
    }
  }

  @Override
  public MemorySegment read(PageId page) {
    return page(page).asReadOnly();
  }

  @Override
  public void write(PageId page, Consumer<? super MemorySegment> writer) {
    writer.accept(page(page));
  }

  /**
   * Returns the pages in use, without protected pages and those that hold sub-pages.
   *
   * @return an unmodifiable view, in the order of page numbers; iterators see what others change
   *     meanwhile, or not
   */
  @Override
  public Iterable<PageId> allocated() {
    return iterable(
        PageTable.HAS_USED,
        (page, word) ->
            PageWord.kind(word) == PageWord.PAGE ? PageId.of(page, PageWord.reuse(word)) : null);
  }

  /** Makes something of a page, or null to leave it out. */
  interface Pick<T> {
    @Nullable T of(long page, long word);
  }

  /** What can be made of the pages, leaf by leaf. */
  <T> Iterable<T> iterable(int flags, Pick<T> pick) {
    return () ->
        new Iterator<>() {
          private long leaf;
          private Iterator<T> current = List.<T>of().iterator();

          @Override
          public boolean hasNext() {
            while (!current.hasNext()) {
              List<T> more = Pager.this.read(() -> pickFrom(leaf, flags, pick));
              if (more == null) {
                return false;
              }
              leaf++;
              current = more.iterator();
            }
            return true;
          }

          @Override
          public T next() {
            if (!hasNext()) {
              throw new NoSuchElementException();
            }
            return current.next();
          }
        };
  }

  private <T> @Nullable List<T> pickFrom(long leaf, int flags, Pick<T> pick) {
    if (leaf >= table.leaves()) {
      return null;
    }
    List<T> picked = new ArrayList<>();
    if (table.words().mayHave(leaf, flags)) {
      long first = leaf << WordMap.LEAF_SHIFT;
      long[] words = table.words().leaf(leaf);
      for (int i = 0; i < words.length && first + i < table.pageCount(); i++) {
        T item = pick.of(first + i, words[i]);
        if (item != null) {
          picked.add(item);
        }
      }
    }
    return picked;
  }

  // ---- protected pages

  /**
   * Returns the protected pages, which are allocated and freed like others.
   *
   * @return their allocator, always the same one; {@link ProtectedPage#writer()} changes them
   */
  public BulkPageAllocator<ProtectedPage> protectedPages() {
    return protectedPages;
  }

  /**
   * Hands out a protected page of zeros, as durable as the options say.
   *
   * @return the page
   * @throws PagerFullException if the file system has no room for two more pages
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public ProtectedPage allocProtected() {
    return protectedPages.alloc();
  }

  /**
   * Finds a protected page by its value, and verifies its checksum.
   *
   * @param value what {@link ProtectedPage#value()} said
   * @return the page
   * @throws InvalidPageException if there is no such page
   * @throws PagerCorruptException if its bytes do not match their checksum
   * @throws IllegalStateException if the pager is closed
   */
  public ProtectedPage protectedPage(long value) {
    return protectedPages.find(value);
  }

  /**
   * Takes a protected page back, as durably as the options say.
   *
   * @param page the page
   * @throws InvalidPageException if it was freed before
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if it has a writer, or the pager is closed
   */
  public void freeProtected(ProtectedPage page) {
    protectedPages.free(page);
  }

  /** The sub-pages of pages that are cut into 2^shift; made when first asked for. */
  SubPages subPages(int shift) {
    return read(
        () -> {
          SubPages found = subPages[shift];
          if (found == null) {
            found = new SubPages(this, shift);
            subPages[shift] = found;
          }
          return found;
        });
  }

  // ---- user roots

  /**
   * Returns a number that was kept with {@link #setRoot}: the value of the id from which all others
   * are found, for one.
   *
   * @param index 0 to 15
   * @return the number, at first 0, which is no id
   * @throws IndexOutOfBoundsException if the index is out of its range
   * @throws IllegalStateException if the pager is closed
   */
  public long root(int index) {
    Objects.checkIndex(index, SuperblockLayout.ROOTS);
    return read(() -> file.root(index));
  }

  /**
   * Keeps a number, as durably as the options say.
   *
   * @param index 0 to 15
   * @param value any number
   * @throws IndexOutOfBoundsException if the index is out of its range
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public void setRoot(int index, long value) {
    setRoot(index, value, options.durability());
  }

  /**
   * Keeps a number.
   *
   * @param index 0 to 15
   * @param value any number
   * @param durability when a crash cannot undo it any more
   * @throws IndexOutOfBoundsException if the index is out of its range
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public void setRoot(int index, long value, Durability durability) {
    Objects.checkIndex(index, SuperblockLayout.ROOTS);
    change(durability, () -> file.setRoot(index, value));
  }

  // ---- durability

  /**
   * Waits until all changes so far are durable. At most one sync, two with protected pages.
   *
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public void flush() {
    checkOpen();
    file.commitAll();
  }

  /**
   * Waits until the bytes of a page are on the medium. One sync.
   *
   * @param page what names it
   * @throws InvalidPageException if it is not in use
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public void flush(PageId page) {
    checkSlowly(page);
    try {
      file.extents().syncPage(page.number());
    } catch (IOException e) {
      throw file.fail(e);
    }
  }

  /**
   * Waits until the bytes of all pages are on the medium, and all changes so far durable. One sync
   * for each extent of the file, of which there are few, and {@link #flush()}.
   *
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public void sync() {
    checkOpen();
    try {
      file.extents().syncPages();
    } catch (IOException e) {
      throw file.fail(e);
    }
    file.commitAll();
  }

  // ---- the file as a whole

  /**
   * Walks the file: every block of the maps with its checksum, the state of every page, the bytes
   * of every protected page with their checksum. Changes wait meanwhile; reads go on.
   *
   * @return what is in use, and what is wrong
   * @throws IllegalStateException if the pager is closed
   */
  public VerifyReport verify() {
    return read(() -> new Verifier(file).verify());
  }

  /**
   * Copies the pager to a file that does not exist yet, while it is in use. The copy has the same
   * handles and roots, as of one moment; so have protected pages their bytes. Other bytes are
   * copied as they are found: those that nobody writes meanwhile are of that moment too.
   *
   * <p>Changes wait while the maps and the protected pages are copied, and go on during the rest.
   * The copy appears under its name when it is whole and durable.
   *
   * @param target where
   * @throws IOException if the target exists, or cannot be written
   * @throws PagerFullException if the file system has no room for the copy
   * @throws IllegalStateException if the pager is closed
   */
  public void snapshot(Path target) throws IOException {
    if (Files.exists(target)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    Path unfinished = target.resolveSibling(target.getFileName() + ".unfinished");
    maintenance.lock();
    try {
      checkOpen();
      Files.deleteIfExists(unfinished);
      try {
        Snapshot.copy(file, FileDisk.create(unfinished), options.sparse());
        Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(unfinished);
      }
      FileDisk.syncDirectory(target);
    } finally {
      maintenance.unlock();
    }
  }

  /**
   * Moves pages from the end of the file to free places before them, so that {@link #shrink()} can
   * cut it. Pages that hold sub-pages and protected pages with a writer stay. Nobody may write to
   * pages meanwhile, but for the callback. Costs a copy of each page that moves, and for each 512
   * of them three syncs and a {@link #sync()}.
   *
   * @param relocation is told of each move, on this thread; if it throws, the moves that it was not
   *     told of, and the one it threw at, are undone
   * @return how many pages moved
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public long compact(Relocation relocation) {
    Objects.requireNonNull(relocation, "relocation");
    maintenance.lock();
    try {
      return new Compactor(this, protectedPages).compact(relocation);
    } finally {
      maintenance.unlock();
    }
  }

  /**
   * Gives the free pages at the end of the file back to the file system. Segments of pages there,
   * kept since before they were freed, die.
   *
   * @return how many pages the file lost
   * @throws PagerLockedException if a {@link ReadOnlyPager} has the file open
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public long shrink() {
    maintenance.lock();
    try (LockFile.Hold _ = withoutReaders()) {
      checkOpen();
      long[] lost = new long[1];
      file.quietly(
          () -> {
            space.releaseLimbo();
            lost[0] = new Shrinker(file).shrink();
          });
      return lost[0];
    } finally {
      maintenance.unlock();
    }
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

  // ---- asynchronous forms

  /**
   * Hands out a page without waiting for anything. Calls that are made while another commit is
   * under way share the next one.
   *
   * @return completes with the page when it is durable, on the pager's thread; fails as {@link
   *     #alloc()} throws. Cancelled, it leaves no page allocated
   * @throws IllegalStateException if the pager is closed
   */
  public CompletableFuture<PageId> allocAsync() {
    return commits.submit(() -> alloc(Durability.NONE), id -> free(id, Durability.GROUP));
  }

  /**
   * Takes a page back without waiting for anything.
   *
   * @param page what names it
   * @return completes when that is durable, on the pager's thread; fails as {@link #free(PageId)}
   *     throws
   * @throws IllegalStateException if the pager is closed
   */
  public CompletableFuture<Void> freeAsync(PageId page) {
    return run(() -> free(page, Durability.NONE));
  }

  /**
   * Hands out pages in one change without waiting for anything.
   *
   * @param count how many, 0 or more
   * @return completes with the pages when they are durable, on the pager's thread; fails as {@link
   *     #allocBulk(int)} throws. Cancelled, it leaves none allocated
   * @throws IllegalStateException if the pager is closed
   */
  public CompletableFuture<List<PageId>> allocBulkAsync(int count) {
    return commits.submit(
        () -> allocBulk(count, Durability.NONE), ids -> freeBulk(ids, Durability.GROUP));
  }

  /**
   * Takes pages back in one change without waiting for anything.
   *
   * @param pages what names them; not to be changed meanwhile
   * @return completes when that is durable, on the pager's thread; fails as {@link
   *     #freeBulk(Collection)} throws
   * @throws IllegalStateException if the pager is closed
   */
  public CompletableFuture<Void> freeBulkAsync(Collection<? extends PageId> pages) {
    return run(() -> freeBulk(pages, Durability.NONE));
  }

  /**
   * Does what {@link #sync()} does without waiting for it.
   *
   * @return completes when everything so far is on the medium, on the pager's thread
   * @throws IllegalStateException if the pager is closed
   */
  public CompletableFuture<Void> syncAsync() {
    return run(this::sync);
  }

  private CompletableFuture<Void> run(Runnable call) {
    return commits
        .submit(
            () -> {
              call.run();
              return true;
            },
            done -> {})
        .thenAccept(done -> {});
  }

  // ---- how changes are made

  void checkChangeable() {
    checkOpen();
    file.checkUsable();
  }

  /** Commits first where that is better than a larger file. */
  void makeRoom(long pages) {
    boolean commit;
    file.lock();
    try {
      checkChangeable();
      commit = space.wantsCommit(pages);
    } finally {
      file.unlock();
    }
    if (commit) {
      file.commitAll();
    }
  }

  /** Makes a change: all of it commits together. It throws before it changes anything. */
  void change(Durability durability, Runnable action) {
    long change;
    file.lock();
    try {
      checkChangeable();
      action.run();
      change = file.changed();
    } finally {
      file.unlock();
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

  PagerFile file() {
    return file;
  }

  PageSpace space() {
    return space;
  }

  @Override
  public String toString() {
    return "pager " + path + ", pageSize=" + pageSize();
  }
}
