package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.Codes;
import dev.pinnedstore.backend.ViewGroups;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.SharedFileException;
import dev.pinnedstore.os.SharedFiles;
import dev.pinnedstore.os.SharedMapping;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The chunks that this store has mapped, by id.
 *
 * <p>Looking one up is a probe or two of an array that is replaced, never changed but for additions
 * of whole elements; everything else happens under the monitor, off the data path. A chunk leaves
 * once its entry in the chunk table is no longer its own: its file has lost its name by then, and
 * its memory goes when its views are dead and nobody writes in it in place.
 */
final class Chunks {
  private static final int FEWEST_PLACES = 64;

  /** Longer than an access takes, by the JVM's own clock. */
  private static final long GRACE_NANOS = 50_000_000;

  private final Namespace namespace;
  private final Peers peers;
  private final ViewGroups groups;
  private Consumer<Chunk> dropped = _ -> {};
  private final List<Chunk> leaving = new ArrayList<>();
  private volatile @Nullable Chunk[] places = new Chunk[FEWEST_PLACES];
  private int count;
  private boolean closed;

  Chunks(Namespace namespace, ViewGroups groups) {
    this.namespace = namespace;
    this.peers = namespace.peers;
    this.groups = groups;
  }

  /** Says who is told of a chunk that is no more, before the first one is mapped. */
  void whenDropped(Consumer<Chunk> told) {
    dropped = told;
  }

  /** The chunk of an id if this store has mapped it. */
  @Nullable Chunk find(int id) {
    @Nullable Chunk[] all = places;
    int mask = all.length - 1;
    for (int i = id & mask; ; i = (i + 1) & mask) {
      Chunk chunk = all[i];
      if (chunk == null || chunk.id == id) {
        return chunk;
      }
    }
  }

  /** The chunk of a place that the caller holds; it cannot be dropped meanwhile. */
  Chunk at(long place) {
    int id = Codes.pageId(place);
    Chunk chunk = find(id);
    if (chunk == null) {
      throw new IllegalStateException("chunk id=" + id + ": is closed");
    }
    return chunk;
  }

  /** The chunk of an id, mapped now if it was not; null when there is no such chunk any more. */
  @Nullable Chunk findOrMap(int id) throws MappingFailedException {
    Chunk found = find(id);
    if (found != null) {
      return found;
    }
    // Ids end where the places of a backend do.
    if (id < 0 || Integer.compareUnsigned(id, ControlLayout.chunkCount(namespace.control())) >= 0) {
      return null;
    }
    synchronized (this) {
      found = find(id);
      return found != null || closed ? found : map(id);
    }
  }

  /**
   * Whether what could not be mapped has no file any more. One of another length may be an
   * original's that is being made.
   */
  boolean isGone(int id) {
    return !isClosed()
        && Integer.compareUnsigned(id, ControlLayout.chunkCount(namespace.control())) < 0
        && !SharedFiles.exists(namespace.names.data(id));
  }

  synchronized boolean isClosed() {
    return closed;
  }

  private @Nullable Chunk map(int id) throws MappingFailedException {
    SharedMapping data = null;
    SharedMapping records = null;
    Chunk chunk = null;
    try {
      data = SharedFiles.map(namespace.names.data(id), namespace.chunkBytes);
      if (!namespace.isOwnChunk(data.base())) {
        // Left behind by an earlier run.
        return null;
      }
      records = namespace.records(id);
      chunk = new Chunk(id, data, records, peers.indexOf(id));
      add(chunk);
      return chunk;
    } catch (SharedFileException e) {
      // Gone, or not a chunk: no handle leads there.
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      if (chunk == null) {
        close(data);
        close(records);
      }
    }
  }

  private static void close(@Nullable SharedMapping mapping) {
    if (mapping != null) {
      mapping.close();
    }
  }

  private void add(Chunk chunk) {
    if (2 * ++count > places.length) {
      rebuild(2 * places.length, null);
    }
    put(places, chunk);
  }

  private static void put(@Nullable Chunk[] all, Chunk chunk) {
    int mask = all.length - 1;
    int i = chunk.id & mask;
    while (all[i] != null) {
      i = (i + 1) & mask;
    }
    all[i] = chunk;
  }

  private void rebuild(int length, @Nullable Chunk without) {
    @Nullable Chunk[] next = new Chunk[length];
    for (Chunk each : places) {
      if (each != null && each != without) {
        put(next, each);
      }
    }
    places = next;
  }

  /** Those mapped now. */
  synchronized List<Chunk> all() {
    List<Chunk> all = new ArrayList<>();
    for (Chunk each : places) {
      if (each != null) {
        all.add(each);
      }
    }
    return all;
  }

  /** Enters a chunk that will be written into this process's page table. */
  void touch(Chunk chunk) throws MappingFailedException {
    chunk.touched = true;
    try {
      chunk.data.touch(namespace.chunkBytes);
      chunk.touchRecords();
    } catch (IllegalStateException e) {
      // Gone already, and unmapped by another thread: nobody will write to it.
      chunk.touched = false;
    }
  }

  // ---- leases and windows

  /** Sets this store's lease on a chunk, before its generation is looked at again. */
  synchronized boolean lease(Chunk chunk) {
    if (closed || chunk.leased || !isTheirs(chunk)) {
      return false;
    }
    peers.lease(chunk.index, true);
    Steps.reached("view.marked");
    if (!isTheirs(chunk)) {
      // Given back at this moment: the mark would stay on whatever chunk comes next there.
      peers.lease(chunk.index, false);
      return false;
    }
    chunk.leased = true;
    return true;
  }

  /** Takes the lease back; nobody in this store has a view any more. */
  synchronized void endLease(Chunk chunk) {
    chunk.leased = false;
    if (isTheirs(chunk)) {
      peers.lease(chunk.index, false);
    }
  }

  /** Notes one more reservation that is written in place. */
  synchronized void openWindow(Chunk chunk) {
    if (chunk.windows++ == 0) {
      peers.window(chunk.index, true);
    }
  }

  /** Notes the end of one. */
  synchronized void closeWindow(Chunk chunk) {
    if (--chunk.windows == 0 && isTheirs(chunk)) {
      peers.window(chunk.index, false);
    }
  }

  private boolean isTheirs(Chunk chunk) {
    return chunk.index >= 0 && peers.isAlive(chunk.index, chunk.id);
  }

  // ---- the end of views and chunks

  /** Lets the views of incarnations that are past die, and drops chunks that are no more. */
  void tidy() {
    for (Chunk chunk : all()) {
      boolean gone = isGone(chunk);
      Chunk.View view = chunk.view;
      if (view != null && (gone || view.generation() != chunk.generation())) {
        retire(chunk, view);
      }
      if (gone) {
        drop(chunk);
      }
    }
    var _ = unmapGone(false);
  }

  /** Whether there are chunks that are no more and still mapped. */
  synchronized boolean hasGone() {
    return !leaving.isEmpty();
  }

  /**
   * Unmaps chunks that are no more, some time after they were dropped: the JDK interrupts a thread
   * whose access meets the closing of its Arena, and by then none is under way.
   *
   * @param atOnce whether not to wait for that
   * @return whether any was unmapped
   */
  synchronized boolean unmapGone(boolean atOnce) {
    long now = System.nanoTime();
    return leaving.removeIf(
        chunk ->
            chunk.windows == 0
                && !chunk.leased
                && (atOnce || now - chunk.droppedNanos >= GRACE_NANOS)
                && chunk.unmap());
  }

  /** By its entry in the chunk table, or its name where it has none. */
  private boolean isGone(Chunk chunk) {
    if (chunk.index < 0) {
      chunk.index = peers.indexOf(chunk.id);
    }
    return chunk.index < 0 ? isGone(chunk.id) : !peers.isAlive(chunk.index, chunk.id);
  }

  private synchronized void retire(Chunk chunk, Chunk.View view) {
    if (view.equals(chunk.view)) {
      chunk.view = null;
      groups.retire(view.group(), chunk.capacity, () -> endLease(chunk));
    }
  }

  private synchronized void drop(Chunk chunk) {
    if (find(chunk.id) == chunk) {
      count--;
      rebuild(places.length, chunk);
      chunk.droppedNanos = System.nanoTime();
      leaving.add(chunk);
      dropped.accept(chunk);
    }
  }

  /** Ends every view and unmaps everything; false while some thread holds a part. */
  boolean close() {
    synchronized (this) {
      closed = true;
    }
    if (!groups.closeAll()) {
      return false;
    }
    boolean all = true;
    for (Chunk chunk : all()) {
      all &= chunk.unmap();
    }
    synchronized (this) {
      for (Chunk chunk : leaving) {
        all &= chunk.unmap();
      }
    }
    return all;
  }
}
