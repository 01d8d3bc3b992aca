package dev.pinnedstore.pool;

import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The words of all pages, by file and page number: chunks of 2^14 words, made when a page of theirs
 * is first asked for and kept. 8 bytes for each page of a touched chunk.
 *
 * <p>Lookups take no lock and read plain references. They race with growth on purpose: whoever
 * misses a chunk looks again under the lock, and a word of a new chunk is zero, which is absent,
 * for whoever sees its reference early (Java shows the zeros of an array to every thread).
 */
final class PageTable {
  private static final int CHUNK_SHIFT = 14;
  private static final int CHUNK_WORDS = 1 << CHUNK_SHIFT;
  private static final int SLOT_MASK = CHUNK_WORDS - 1;
  private static final int CHUNK_MASK = (int) (PageIds.MAX_PAGE_NUMBER >>> CHUNK_SHIFT);
  private static final long[][] NO_CHUNKS = {};

  /** By file and chunk; a chunk is null until it is needed. */
  private final long[][] @Nullable [] files;

  /** The chunks of the first file; empty once the pool is closed, as is the next one. */
  private long[] @Nullable [] first = NO_CHUNKS;

  /** All files again: empty tables send all lookups the slow way. */
  private long[][] @Nullable [] open;

  PageTable(int count) {
    files = new long[count][][];
    Arrays.fill(files, NO_CHUNKS);
    open = files;
  }

  static int slot(long id) {
    return (int) id & SLOT_MASK;
  }

  /** For the hit path: as {@link #find}, and null once the pool is closed. */
  long @Nullable [] findOpen(long id) {
    long[] @Nullable [] chunks = first;
    // Unsigned: an id of another file is larger than any length, and so is a negative one.
    long chunk = id >>> CHUNK_SHIFT;
    return chunk < chunks.length ? chunks[(int) chunk] : find(open, id);
  }

  /** Returns the words among which the page's is; null if there are none yet, or no such file. */
  long @Nullable [] find(long id) {
    return find(files, id);
  }

  /** The same, of a page that has been in a frame. */
  long[] get(long id) {
    return Objects.requireNonNull(find(files, id));
  }

  private static long @Nullable [] find(long[][] @Nullable [] all, long id) {
    int file = PageIds.file(id);
    if (file >= all.length) {
      return null;
    }
    long[] @Nullable [] chunks = all[file];
    int chunk = (int) (id >>> CHUNK_SHIFT) & CHUNK_MASK;
    return chunk < chunks.length ? chunks[chunk] : null;
  }

  /** The same of a page of a file that there is; makes them. */
  synchronized long[] make(long id) {
    int file = PageIds.file(id);
    int chunk = (int) (id >>> CHUNK_SHIFT) & CHUNK_MASK;
    if (chunk >= files[file].length) {
      int grown = Math.min(Math.max(chunk + 1, 2 * files[file].length), CHUNK_MASK + 1);
      long[] @Nullable [] copy = Arrays.copyOf(files[file], grown);
      // Whoever reads the reference without the lock must see the chunks.
      VarHandle.storeStoreFence();
      files[file] = copy;
      if (file == 0 && open.length > 0) {
        first = files[file];
      }
    }
    long[] words = files[file][chunk];
    if (words == null) {
      words = new long[CHUNK_WORDS];
      files[file][chunk] = words;
    }
    return words;
  }

  /** Returns the bytes of all words. */
  synchronized long bytes() {
    long chunks = 0;
    for (long[] @Nullable [] file : files) {
      chunks += Arrays.stream(file).filter(chunk -> chunk != null).count();
    }
    return chunks * CHUNK_WORDS * Long.BYTES;
  }

  /** Lets no lookup find anything any more. */
  synchronized void close() {
    first = NO_CHUNKS;
    open = new long[0][][];
  }
}
