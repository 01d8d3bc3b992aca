package dev.pinnedstore.pager;

import dev.pinnedstore.os.Disk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A file of pages of one size, which survives a kill or a power failure at any moment: which pages
 * are in use is always as of some change, and never before one that was made durable. Pages are
 * mapped and never move; the file grows as needed, up to 2^40 - 2^14 pages.
 *
 * <p>Safe for threads. {@link #page} takes no lock; changes take one for tens of nanoseconds. One
 * pager at a time has a file open for writing, in all processes; others read it through {@link
 * ReadOnlyPager}. Within this process the file stays locked if it is renamed meanwhile; another one
 * would find it unlocked by its new name, so it must not be. A virtual thread that waits for a sync
 * holds its carrier.
 *
 * <p>What a crash leaves of the <em>bytes</em> of a page is whatever the system has written; {@link
 * #flush(PageId)} and {@link #sync()} wait for that, and {@link ProtectedPage} changes as a whole.
 *
 * <p>Costs: an allocation or a free makes no system call but for those that its durability needs.
 * The first change after an open tells the medium that the file is being changed, in two syncs. A
 * larger file takes space, 64 MiB at most at a time; each time that it doubles, that waits until
 * all that was written to it is on the medium.
 */
public final class Pager implements DurablePageAllocator<PageId>, AutoCloseable {
  private final Session session;
  private final PagerFile file;
  private final Pages pages;
  private final ProtectedPages protectedPages;
  private final Maintenance maintenance;
  private final Runnable unlock;
  private final @Nullable Path path;

  private final @Nullable SubPages[] subPages =
      new @Nullable SubPages[SlotWord.MAX_SLOTS_SHIFT + 1];

  Pager(PagerFile file, PagerOptions options, @Nullable Path path, Runnable unlock) {
    this.session = new Session(file, options);
    this.file = file;
    this.path = path;
    this.unlock = unlock;
    this.pages = new Pages(session);
    this.protectedPages = new ProtectedPages(session, pages);
    this.maintenance = new Maintenance(session, pages, protectedPages, path);
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
   * Makes a pager file that does not exist yet. It appears under its name when it is whole and
   * durable; a crash before that leaves a file with the suffix {@code .unfinished}, which the next
   * call replaces, unless a pager has it open.
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
    Objects.requireNonNull(options, "options");
    PagerFiles.Opened made = PagerFiles.create(path, pageSize);
    return new Pager(made.file(), options, path, made.lock()::close);
  }

  /**
   * Opens a pager file, and finishes what a crash may have left unfinished.
   *
   * @param path where it is
   * @param pageSize size of a page in bytes, which must be that of the file
   * @return the pager, which the caller closes
   * @throws IOException if the file does not exist, has a second hard link, or cannot be opened
   * @throws IllegalArgumentException if the page size is not that of the file
   * @throws PagerLockedException if somebody else has it open for writing
   * @throws PagerCorruptException if it is damaged, cut short, newer, or no pager file
   * @throws PagerFullException if it was sparse, and the file system has no room for all of it
   */
  public static Pager open(Path path, long pageSize) throws IOException {
    return open(path, pageSize, PagerOptions.defaults());
  }

  /**
   * Opens a pager file, and finishes what a crash may have left unfinished.
   *
   * <p>Cost: reads the upper levels of the page map, a 32000th of the file at pages of 4 KiB;
   * leaves of the map are read when they are first needed. A file that was sparse and is not to be
   * takes all its space now.
   *
   * @param path where it is; the file must have no other name, for hard links have their own locks
   * @param pageSize size of a page in bytes, which must be that of the file
   * @param options how the pager behaves
   * @return the pager, which the caller closes
   * @throws IOException if the file does not exist, has a second hard link, or cannot be opened
   * @throws IllegalArgumentException if the page size is not that of the file
   * @throws PagerLockedException if somebody else has it open for writing
   * @throws PagerCorruptException if it is damaged, cut short, newer, or no pager file
   * @throws PagerFullException if it was sparse and is not to be any more, and the file system has
   *     no room for all of it
   */
  public static Pager open(Path path, long pageSize, PagerOptions options) throws IOException {
    Objects.requireNonNull(options, "options");
    PagerFiles.Opened found = PagerFiles.open(path, pageSize, options);
    return new Pager(found.file(), options, path, found.lock()::close);
  }

  static Pager create(Disk disk, Geometry geometry, PagerOptions options, Runnable unlock)
      throws IOException {
    return new Pager(PagerFiles.create(disk, geometry), options, null, unlock);
  }

  static Pager open(Disk disk, long pageSize, PagerOptions options, Runnable unlock)
      throws IOException {
    return new Pager(PagerFiles.open(disk, pageSize, options), options, null, unlock);
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
    boolean last = true;
    try {
      last = session.close();
    } finally {
      if (last) {
        unlock.run();
      }
    }
  }

  // ---- what it is

  /**
   * Makes the file so large that a number of pages is free, so that allocating them does not wait
   * for space. They are durable with the next commit.
   *
   * @param count how many pages
   * @throws PagerFullException if the file system has no room for them
   * @throws IllegalArgumentException if the number is negative
   * @throws IllegalStateException if the pager is closed
   */
  public void reserve(long count) {
    if (count < 0) {
      throw new IllegalArgumentException("count=" + count + ": must not be negative");
    }
    session.change(Durability.NONE, () -> session.space().reserve(count));
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
    return session.options();
  }

  /**
   * Counts the pages that the file has: those in use and those that are free. A protected page
   * counts as two.
   *
   * @return pages
   * @throws IllegalStateException if the pager is closed
   */
  public long pageCount() {
    return session.read(file.table()::pageCount);
  }

  /**
   * Counts the pages that are free.
   *
   * @return pages
   * @throws IllegalStateException if the pager is closed
   */
  public long freePageCount() {
    return session.read(file.table()::freeCount);
  }

  Session session() {
    return session;
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
   * @throws PagerCorruptException if the part of the file that tells of it is damaged
   * @throws IllegalStateException if the pager is closed
   */
  public MemorySegment page(PageId id) {
    return pages.find(id);
  }

  @Override
  public MemorySegment read(PageId page) {
    return page(page).asReadOnly();
  }

  @Override
  public void write(PageId page, Consumer<? super MemorySegment> writer) {
    writer.accept(page(page));
  }

  @Override
  public PageId alloc() {
    return alloc(session.durability());
  }

  @Override
  public PageId alloc(Durability durability) {
    return pages.alloc(durability);
  }

  @Override
  public void free(PageId page) {
    free(page, session.durability());
  }

  @Override
  public void free(PageId page, Durability durability) {
    pages.free(page, durability);
  }

  @Override
  public List<PageId> allocBulk(int count) {
    return allocBulk(count, session.durability());
  }

  @Override
  public List<PageId> allocBulk(int count, Durability durability) {
    return pages.allocBulk(count, durability);
  }

  @Override
  public void freeBulk(Collection<? extends PageId> ids) {
    freeBulk(ids, session.durability());
  }

  @Override
  public void freeBulk(Collection<? extends PageId> ids, Durability durability) {
    pages.freeBulk(ids, durability);
  }

  @Override
  public CompletableFuture<PageId> allocAsync() {
    return session.async(() -> alloc(Durability.NONE), id -> free(id, Durability.GROUP));
  }

  @Override
  public CompletableFuture<Void> freeAsync(PageId page) {
    return session.async(() -> free(page, Durability.NONE));
  }

  @Override
  public CompletableFuture<List<PageId>> allocBulkAsync(int count) {
    return session.async(
        () -> allocBulk(count, Durability.NONE), ids -> freeBulk(ids, Durability.GROUP));
  }

  @Override
  public CompletableFuture<Void> freeBulkAsync(Collection<? extends PageId> ids) {
    return session.async(() -> freeBulk(ids, Durability.NONE));
  }

  /**
   * Returns the pages in use, without protected pages and those that hold sub-pages.
   *
   * @return an unmodifiable view, in the order of page numbers; iterators see what others change
   *     meanwhile, or not
   */
  @Override
  public Iterable<PageId> allocated() {
    return pages.allocated();
  }

  // ---- protected pages

  /**
   * Returns the protected pages, which are allocated and freed like others.
   *
   * @return their allocator, always the same one; {@link ProtectedPage#writer()} changes them
   */
  public DurablePageAllocator<ProtectedPage> protectedPages() {
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
    return session.read(
        () -> {
          SubPages found = subPages[shift];
          if (found == null) {
            found = new SubPages(session, shift);
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
    return session.read(() -> file.root(index));
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
    setRoot(index, value, session.durability());
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
    session.change(durability, () -> file.setRoot(index, value));
  }

  /**
   * Keeps a number without waiting for anything.
   *
   * @param index 0 to 15
   * @param value any number
   * @return completes when that is durable, on the pager's thread: see {@link DurablePageAllocator}
   * @throws IndexOutOfBoundsException if the index is out of its range
   * @throws IllegalStateException if the pager is closed
   */
  public CompletableFuture<Void> setRootAsync(int index, long value) {
    Objects.checkIndex(index, SuperblockLayout.ROOTS);
    return session.async(() -> setRoot(index, value, Durability.NONE));
  }

  // ---- durability

  /**
   * Waits until all changes so far are durable. At most one sync, two with protected pages.
   *
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public void flush() {
    session.checkOpen();
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
    session.read(
        () -> {
          pages.check(page);
          return true;
        });
    file.syncPage(page.number());
  }

  /**
   * Waits until the bytes of all pages are on the medium, and all changes so far durable. One sync
   * for each extent of the file, of which there are few, and {@link #flush()}.
   *
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public void sync() {
    session.checkOpen();
    file.syncPages();
    file.commitAll();
  }

  /**
   * Does what {@link #sync()} does without waiting for it.
   *
   * @return completes when everything so far is on the medium, on the pager's thread: see {@link
   *     DurablePageAllocator}
   * @throws IllegalStateException if the pager is closed
   */
  public CompletableFuture<Void> syncAsync() {
    return session.async(this::sync);
  }

  // ---- the file as a whole

  /**
   * Walks the file: both superblocks, the log, every block of the maps with its checksum, the state
   * of every page, the bytes of every protected page with their checksum. All of that is read from
   * the file, whether it is in memory or not. Changes wait for a block or a leaf at a time, and for
   * no bytes of pages; compactions, shrinks, snapshots and other verifications wait for all of it,
   * and it for them. What changes meanwhile is seen before or after that; the number of pages in
   * use is compared with the map only if nothing does.
   *
   * @return what is in use, and what is wrong
   * @throws IllegalStateException if the pager is closed
   */
  public VerifyReport verify() {
    return maintenance.verify();
  }

  /**
   * Copies the pager to a file that does not exist yet, while it is in use. The copy has the same
   * handles and roots, as of one moment; so have protected pages their bytes. Other bytes are
   * copied as they are found: those that nobody writes meanwhile are of that moment too.
   *
   * <p>Changes wait while the maps are copied, and go on while space is taken before and bytes are
   * copied after that; a second writer of a protected page copies its bytes for the snapshot first.
   * Pages that are freed meanwhile are not used again before the end: the pager grows by as many as
   * it needs in their place, and is full ({@link PagerFullException}) where the file system has no
   * room for those. Compactions, shrinks, verifications and other snapshots wait.
   *
   * <p>The copy appears under its name when it is whole and durable; a crash before that leaves a
   * file with the suffix {@code .unfinished}, which the next call replaces.
   *
   * @param target where; an empty file with the suffix {@code .lock} beside it carries the lock,
   *     and stays
   * @throws IOException if the target exists, or cannot be written
   * @throws PagerLockedException if somebody else is making the target, or has a pager open by the
   *     name of the unfinished file
   * @throws PagerFullException if the file system has no room for the copy
   * @throws PagerCorruptException if the pager is damaged
   * @throws IllegalStateException if the pager is closed
   */
  public void snapshot(Path target) throws IOException {
    maintenance.snapshot(target);
  }

  /**
   * Does what {@link #snapshot} does on a thread of its own. Cancelling the future does not stop
   * it.
   *
   * @param target where
   * @return completes when the copy is durable; fails as {@link #snapshot} throws
   * @throws IllegalStateException if the pager is closed
   */
  public CompletableFuture<Void> snapshotAsync(Path target) {
    return maintenance
        .async(
            () -> {
              try {
                snapshot(target);
                return true;
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            })
        .thenAccept(done -> {});
  }

  /**
   * Moves pages from the end of the file to free places before them, so that {@link #shrink()} can
   * cut it. Pages that hold sub-pages and protected pages with a writer stay. Nobody may write to
   * pages meanwhile, but for the callback. Works in rounds of 512 pages or 64 MiB, whichever is
   * less; each costs a copy of its pages, four syncs and a {@link #sync()}. Changes wait for none
   * of the copies.
   *
   * @param relocation is told of each move, on this thread, and may use the pager, but must not
   *     wait for another thread that verifies, copies, compacts or shrinks it: that one waits for
   *     this compaction; if it throws, the moves that it was not told of, and the one it threw at,
   *     are undone
   * @return how many pages moved
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed, or the callback has left a writer on a
   *     page that was to be freed
   */
  public long compact(Relocation relocation) {
    Objects.requireNonNull(relocation, "relocation");
    return maintenance.compact(relocation);
  }

  /**
   * Does what {@link #compact} does on a thread of its own. Cancelling the future does not stop it.
   *
   * @param relocation is told of each move, on that thread
   * @return completes with the number of pages that moved; fails as {@link #compact} throws
   * @throws IllegalStateException if the pager is closed
   */
  public CompletableFuture<Long> compactAsync(Relocation relocation) {
    Objects.requireNonNull(relocation, "relocation");
    return maintenance.async(() -> compact(relocation));
  }

  /**
   * Gives the free pages at the end of the file back to the file system. Segments of pages there,
   * kept since before they were freed, die: their use throws {@code IllegalStateException}. A
   * segment that a native call is using keeps its part of the file until the next call. Changes
   * wait meanwhile.
   *
   * @return how many pages the file lost
   * @throws PagerLockedException if a {@link ReadOnlyPager} has the file open
   * @throws PagerIoException if the file system fails
   * @throws IllegalStateException if the pager is closed
   */
  public long shrink() {
    return maintenance.shrink();
  }

  @Override
  public String toString() {
    return "pager " + path + ", pageSize=" + pageSize();
  }
}
