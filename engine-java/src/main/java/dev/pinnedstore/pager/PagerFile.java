package dev.pinnedstore.pager;

import dev.pinnedstore.os.Disk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The persistent state of a pager, and how it survives a crash.
 *
 * <p><b>What is where.</b> The truth is in memory: the page map, the slot map, the page count, the
 * user roots. On the medium it is the newest valid superblock, which leads to both maps as of its
 * checkpoint, plus the batches in the log, which carry the same generation.
 *
 * <p><b>Commit.</b> One change or many become one batch: new values of words. It is written behind
 * the last batch and synced: <em>that sync is the commit point</em>. A crash before it leaves a
 * batch whose checksum is wrong, which ends the log: all of its changes are gone, none of the
 * earlier. Protected pages that it commits are synced before it is written. Whoever waits while a
 * batch is under way shares the next one: the first of them takes the commit turn and writes what
 * all have changed.
 *
 * <p><b>Checkpoint.</b> When the log is full, or the changes do not fit into one:
 *
 * <ol>
 *   <li>the blocks of the maps that have changed are written to the places that the last superblock
 *       does not lead to, and synced; a crash leaves the last checkpoint and its log;
 *   <li>the first superblock is written with the next generation and synced: <em>the commit
 *       point</em>. Torn, it is invalid, and the second one has the last generation still;
 *   <li>the second superblock is written as well; the sync of the first batch takes it along, or
 *       the next checkpoint syncs it before it begins. The old batches are of an old generation
 *       now, and are written over.
 * </ol>
 *
 * <p><b>Open mark.</b> The first change after an open is preceded by a checkpoint whose superblock
 * says that the file is open; a close writes one that says it is not. A file that is open when
 * somebody opens it was left by a crash, and the {@linkplain ReuseCounts epoch} goes up before
 * anything is handed out.
 *
 * <p><b>{@link Recovery}.</b> The newest valid superblock, then the log; if that held anything, or
 * a superblock was damaged, a checkpoint, with the same steps. A log of a later generation than the
 * superblock means that the right superblock is lost, which is refused rather than guessed.
 *
 * <p>A write or sync that fails ends all changes: what reached the medium is unknown then, and the
 * system may have forgotten it.
 *
 * <p>Locks: the commit turn is taken before the state lock, but for the open mark: before the first
 * change nobody has anything to commit. The state lock guards everything but what only a commit
 * uses; it is not held while a batch is written, and is during a checkpoint.
 */
final class PagerFile {
  private final Disk disk;
  private final Geometry geometry;
  private final Extents extents;
  private final PageTable table;
  private final WordMap slots;
  private final Journal journal;
  private final long fileId;
  private final long[] roots;
  private final ReuseCounts counts;
  private long generation;

  /** What the last superblock says. Under the state lock. */
  private boolean open;

  private boolean sparse;

  private final ReentrantLock stateLock = new ReentrantLock();
  private final Turn commitTurn = new Turn();
  private final Changes changes = new Changes();
  private volatile @Nullable PagerException failure;

  PagerFile(Disk disk, Superblock from, Extents extents) {
    this.disk = disk;
    this.geometry = from.geometry();
    this.extents = extents;
    this.fileId = from.fileId();
    this.roots = from.roots().clone();
    this.counts = new ReuseCounts(from.reuseFloor(), from.epoch());
    this.open = from.open();
    this.sparse = from.sparse();
    this.generation = from.generation();
    this.journal = new Journal(disk, extents.header(), geometry, fileId);
    this.table = new PageTable(from, extents, journal);
    this.slots =
        new WordMap(Geometry.SLOT_MAP, fileId, extents, from.slotMap(), (leaf, words) -> 0);
    journal.restart(generation);
  }

  Disk disk() {
    return disk;
  }

  /** Reads the log as of the last superblock. */
  LogReader logReader() {
    long logBytes = geometry.logBytes();
    MemorySegment log = extents.header().asSlice(Geometry.LOG_POSITION, logBytes);
    return new LogReader(log, fileId, generation);
  }

  /** The batches written since the last checkpoint. In the commit turn. */
  long sequence() {
    return journal.sequence();
  }

  long generation() {
    return generation;
  }

  // ---- state; all of it under the state lock, but for peeks

  void lock() {
    stateLock.lock();
  }

  void unlock() {
    stateLock.unlock();
  }

  Geometry geometry() {
    return geometry;
  }

  Extents extents() {
    return extents;
  }

  PageTable table() {
    return table;
  }

  WordMap slots() {
    return slots;
  }

  void setSlot(long index, long word) {
    slots.set(index, word);
    journal.add(JournalLayout.SLOT_WORD, index, word);
  }

  long root(int index) {
    return roots[index];
  }

  void setRoot(int index, long value) {
    roots[index] = value;
    journal.add(JournalLayout.ROOT, index, value);
  }

  /** Sets a root as the log says. */
  void applyRoot(int index, long value) {
    roots[index] = value;
  }

  ReuseCounts counts() {
    return counts;
  }

  /** Whether the last writer changed the file and did not close it. */
  boolean isOpen() {
    return open;
  }

  /** Whether pages may have no space. */
  boolean isSparse() {
    return sparse;
  }

  /** Takes space for every page and block that may have none. Before anybody else has the file. */
  void fillHoles() {
    if (table.pageCount() > 0) {
      extents.fillHoles(0, table.pageCount());
    }
    table.words().fillHoles();
    slots.fillHoles();
    sparse = false;
    checkpoint();
  }

  /**
   * Goes before every change: the first time the medium is told that there are some, and whether
   * pages are added without space. Nothing is handed out before.
   */
  void beginChange(boolean sparsely) {
    checkUsable();
    if (!open || (sparsely && !sparse)) {
      markOpen(sparsely);
    }
  }

  private void markOpen(boolean sparsely) {
    open = true;
    sparse |= sparsely;
    checkpoint();
  }

  /** Numbers the changes; see {@link #await}. */
  Changes changes() {
    return changes;
  }

  /** Has the bytes of a page synced before the change under way commits. */
  void syncFirst(long page) {
    extents.markDirty(page);
  }

  /** Waits until the bytes of all pages are on the medium. */
  void syncPages() {
    try {
      extents.syncPages();
    } catch (IOException e) {
      throw fail(e);
    }
  }

  /** Waits until the bytes of a page are on the medium. */
  void syncPage(long page) {
    try {
      extents.syncPage(page);
    } catch (IOException e) {
      throw fail(e);
    }
  }

  /** Refuses what cannot be done any more. */
  void checkUsable() {
    PagerException e = failure;
    if (e != null) {
      throw new PagerIoException("the pager stopped after a failed write: " + e.getMessage(), e);
    }
  }

  // ---- commit

  /** Waits until a change is durable, and writes it if nobody else is at it. */
  void await(long change) {
    if (changes.durable() < change && commitTurn.takeUnless(() -> changes.durable() >= change)) {
      try {
        commit();
      } finally {
        commitTurn.end();
      }
    }
  }

  /** Makes all changes so far durable. */
  void commitAll() {
    long change;
    stateLock.lock();
    try {
      change = changes.last();
    } finally {
      stateLock.unlock();
    }
    await(change);
  }

  private void commit() {
    long upTo;
    stateLock.lock();
    try {
      checkUsable();
      upTo = changes.last();
      if (journal.isEmpty()) {
        changes.setDurable(upTo);
        return;
      }
      if (!journal.fits()) {
        checkpoint();
        changes.setDurable(upTo);
        return;
      }
      journal.seal();
      extents.sealDirty();
    } finally {
      stateLock.unlock();
    }
    try {
      extents.syncSealed();
      journal.write();
    } catch (IOException | RuntimeException | Error e) {
      throw fail(e);
    }
    changes.setDurable(upTo);
  }

  /** Does something while nothing changes and all changes so far are in a checkpoint. */
  void quietly(Runnable action) {
    still(
        () -> {
          checkUsable();
          if (!journal.isClean()) {
            checkpoint();
          }
          changes.setDurable(changes.last());
          action.run();
          return true;
        });
  }

  /** Asks something while nothing changes and nothing is written. */
  <T> T still(Supplier<T> question) {
    commitTurn.takeUnless(() -> false);
    try {
      stateLock.lock();
      try {
        return question.get();
      } finally {
        stateLock.unlock();
      }
    } finally {
      commitTurn.end();
    }
  }

  /** In the commit turn and under the state lock, or before anybody else has the file. */
  void checkpoint() {
    try {
      long next = generation + 1;
      if (journal.isUnused() && generation > 0) {
        // No batch has taken the second superblock along: it may be older than the first one, and
        // the blocks of that older checkpoint are written over now.
        disk.sync(extents.header(), Geometry.BLOCK_BYTES, SuperblockLayout.BYTES);
      }
      table.words().write(next);
      slots.write(next);
      extents.sealDirty();
      extents.syncSealed();
      byte[] superblock = SuperblockLayout.encode(superblock(next));
      disk.write(extents.header(), 0, superblock, superblock.length);
      disk.sync(extents.header(), 0, superblock.length);
      disk.write(extents.header(), Geometry.BLOCK_BYTES, superblock, superblock.length);
      generation = next;
      journal.restart(next);
    } catch (IOException | RuntimeException | Error e) {
      throw fail(e);
    }
  }

  private Superblock superblock(long ofGeneration) {
    return new Superblock(
        geometry,
        ofGeneration,
        fileId,
        table.pageCount(),
        table.usedCount(),
        counts.floor(),
        counts.epoch(),
        open,
        sparse,
        table.words().rootEntry(),
        slots.rootEntry(),
        roots);
  }

  PagerException fail(Throwable cause) {
    PagerException e =
        cause instanceof PagerException already
            ? already
            : new PagerIoException("the file cannot be written: " + cause, cause);
    failure = failure == null ? e : failure;
    return e;
  }

  /** Makes everything durable at the end; throws if that has failed before, seen or unseen. */
  void finish() {
    still(
        () -> {
          checkUsable();
          if (open || !journal.isClean()) {
            open = false;
            checkpoint();
          }
          changes.setDurable(changes.last());
          return true;
        });
  }

  /** Unmaps and closes. Nobody finds a page any more. */
  void close() {
    table.words().detach();
    slots.detach();
    try {
      extents.close();
    } finally {
      closeDisk();
    }
  }

  /** Closes and leaves the mappings for as long as the process runs. */
  void closeMapped() {
    table.words().detach();
    slots.detach();
    closeDisk();
  }

  private void closeDisk() {
    try {
      disk.close();
    } catch (IOException e) {
      throw fail(e);
    }
  }
}
