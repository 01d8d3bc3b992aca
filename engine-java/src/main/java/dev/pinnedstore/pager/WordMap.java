package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A persistent array of 2^41 words of 64 bits, read block by block when first asked for.
 *
 * <p>It is a tree of blocks of 4096 bytes, little endian. A block of level 0 has 512 words; one of
 * levels 1 to 4 has an entry for each of 256 blocks below, and the entry of the one block of level
 * 4 is in the superblock:
 *
 * <pre>
 *   word 0   63        42   41     40   39     32 31                              0
 *           +-------------+-------+----+---------+---------------------------------+
 *           |      0      |present|copy|  flags  |  CRC-32C                        |
 *           +-------------+-------+----+---------+---------------------------------+
 *   word 1  |  generation of the checkpoint that wrote the block                   |
 *           +----------------------------------------------------------------------+
 * </pre>
 *
 * <p>Each block has two places in the file. A checkpoint writes what has changed to the place that
 * is not in use, from the leaves up, so what the last superblock leads to stays whole until the
 * next superblock is durable. The checksum covers the block, its level and index, the map, the
 * file's id and the generation: a block that is old, of another file or elsewhere is not taken for
 * this one. A block that is not present is all zeros. The flags say what a leaf holds, or some leaf
 * below, so that nobody has to read leaves in vain.
 *
 * <p>{@link #peek} may be called by any thread, everything else under the owner's lock; but while
 * nobody changes the map, what is in memory may be read by many: such a look changes nothing.
 */
final class WordMap {
  /** Binary logarithm of the words of a leaf. */
  static final int LEAF_SHIFT = 9;

  static final int LEAF_WORDS = 1 << LEAF_SHIFT;

  /** Binary logarithm of the entries of a block above. */
  static final int FANOUT_SHIFT = 8;

  static final int ROOT_LEVEL = 4;

  private static final int ENTRY_WORDS = 2;
  private static final int FLAGS_SHIFT = 32;
  private static final long COPY = 1L << 40;
  private static final long PRESENT = 1L << 41;

  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final String[] NAMES = {"page map", "slot map"};

  /** Computes the flags of a leaf, eight bits. */
  interface Flags {
    int of(long leaf, long[] words);
  }

  private final int map;
  private final long fileId;
  private final Extents extents;
  private final Flags flags;
  private final long[] rootEntry;
  private final BitSet[] dirty = new BitSet[ROOT_LEVEL + 1];

  /** The blocks for which {@link #allocate} took space. */
  private final BitSet[] allocated = new BitSet[ROOT_LEVEL + 1];

  /** The leaf that was marked dirty last, if it still is; changes often come together. */
  private long lastDirty = -1;

  private final long[][] @Nullable [] blocks = new long[ROOT_LEVEL + 1][0][];

  /** Those of level 0 that are in memory, for who has no lock. */
  private volatile @Nullable Leaf[] leaves = new @Nullable Leaf[0];

  WordMap(int map, long fileId, Extents extents, long[] rootEntry, Flags flags) {
    this.map = map;
    this.fileId = fileId;
    this.extents = extents;
    this.rootEntry = rootEntry.clone();
    this.flags = flags;
    Arrays.setAll(dirty, level -> new BitSet());
    Arrays.setAll(allocated, level -> new BitSet());
  }

  /** The leaf that a word is in, or null if it was not read yet. Takes no lock. */
  @Nullable Leaf peekLeaf(long index) {
    @Nullable Leaf[] current = leaves;
    int leaf = (int) (index >>> LEAF_SHIFT);
    return leaf < current.length ? current[leaf] : null;
  }

  /** The word, or 0 if its leaf was not read yet. Takes no lock. */
  long peek(long index) {
    Leaf leaf = peekLeaf(index);
    return leaf == null ? 0 : leaf.word(index);
  }

  long get(long index) {
    return leaf(index >>> LEAF_SHIFT)[(int) index & (LEAF_WORDS - 1)];
  }

  void set(long index, long word) {
    long leaf = index >>> LEAF_SHIFT;
    leaf(leaf)[(int) index & (LEAF_WORDS - 1)] = word;
    if (leaf != lastDirty) {
      dirty[0].set((int) leaf);
      lastDirty = leaf;
    }
  }

  /** The words of a leaf, to be read. */
  long[] leaf(long leaf) {
    return block(0, leaf);
  }

  /** Whether a leaf may hold what flags stand for: true if it was read, or one of them is set. */
  boolean mayHave(long leaf, int mask) {
    return loaded(0, leaf) != null || (flagsOf(leaf) & mask) != 0;
  }

  /** Whether a leaf has ever held anything but zeros. */
  boolean isPresent(long leaf) {
    return isPresent(0, leaf);
  }

  private boolean isPresent(int level, long block) {
    return loaded(level, block) != null || (entry(level, block) & PRESENT) != 0;
  }

  /**
   * The first leaf of a range that {@linkplain #isPresent is present}, or the end of the range.
   * What was never written is passed over in a few steps, however much that is.
   */
  long nextPresent(long from, long to) {
    long leaf = from;
    while (leaf < to && !isPresent(leaf)) {
      int shift = 0;
      // Leaves in memory may have nothing above them before they are written.
      if (leaf >= blocks[0].length) {
        for (int above = 1; above < ROOT_LEVEL; above++) {
          if (isPresent(above, leaf >>> (above * FANOUT_SHIFT))) {
            break;
          }
          shift = above * FANOUT_SHIFT;
        }
      }
      leaf = ((leaf >>> shift) + 1) << shift;
    }
    return Math.min(leaf, to);
  }

  /** The first block of a range that the last checkpoint leads to, or the end of the range. */
  long nextWritten(int level, long from, long to) {
    long block = from;
    while (block < to && (entry(level, block) & PRESENT) == 0) {
      block++;
    }
    return block;
  }

  /** The flags of a leaf as of the last checkpoint; none if it was never written. */
  int flagsOf(long leaf) {
    return (int) (entry(0, leaf) >>> FLAGS_SHIFT) & 0xFF;
  }

  long[] rootEntry() {
    return rootEntry.clone();
  }

  /** Takes space for the blocks that lead to a word, where none was ever written; once for each. */
  void allocate(long index) {
    long block = index >>> LEAF_SHIFT;
    for (int level = 0; level <= ROOT_LEVEL; level++) {
      if (!allocated[level].get((int) block) && !isPresent(level, block)) {
        extents.allocateBlock(map, level, block);
        allocated[level].set((int) block);
      }
      block >>>= FANOUT_SHIFT;
    }
  }

  /** Writes all that has changed, as part of a checkpoint; durable after the caller's sync. */
  void write(long generation) {
    lastDirty = -1;
    for (int level = 0; level <= ROOT_LEVEL; level++) {
      for (int b = dirty[level].nextSetBit(0); b >= 0; b = dirty[level].nextSetBit(b + 1)) {
        write(level, b, generation);
      }
      dirty[level].clear();
    }
  }

  private void write(int level, int index, long generation) {
    long[] words = block(level, index);
    byte[] bytes = new byte[Geometry.BLOCK_BYTES];
    MemorySegment.copy(words, 0, MemorySegment.ofArray(bytes), U64, 0, words.length);
    long before = entry(level, index);
    long copy = (before & PRESENT) == 0 ? 0 : ~before & COPY;
    extents.writeBlock(map, level, index, copy == 0 ? 0 : 1, bytes);
    long check = checksum(level, index, generation, bytes) & 0xFFFF_FFFFL;
    long held = level == 0 ? flags.of(index, words) : union(words);
    setEntry(level, index, PRESENT | copy | (held << FLAGS_SHIFT) | check, generation);
  }

  private static int union(long[] entries) {
    int flags = 0;
    for (int e = 0; e < entries.length; e += ENTRY_WORDS) {
      flags |= (int) (entries[e] >>> FLAGS_SHIFT) & 0xFF;
    }
    return flags;
  }

  /** Clears words; leaves that were never written stay so. */
  void clear(long from, long to) {
    for (long leaf = from >>> LEAF_SHIFT; leaf << LEAF_SHIFT < to; leaf++) {
      if (isPresent(leaf)) {
        int first = (int) Math.max(0, from - (leaf << LEAF_SHIFT));
        int end = (int) Math.min(LEAF_WORDS, to - (leaf << LEAF_SHIFT));
        Arrays.fill(block(0, leaf), first, end, 0);
        dirty[0].set((int) leaf);
      }
    }
  }

  /**
   * Forgets blocks that tell about nothing any more; their places may be gone, or be written with
   * zeros when they are taken again. Level by level, from the leaves up.
   */
  void dropBlocks(int level, long from, long to) {
    lastDirty = -1;
    for (long b = from; b < to; b++) {
      if (entry(level, b) != 0) {
        setEntry(level, b, 0, 0);
      }
      if (b < blocks[level].length) {
        blocks[level][(int) b] = null;
        // It is shorter where there was no heap to publish a leaf.
        if (level == 0 && b < leaves.length) {
          leaves[(int) b] = null;
        }
        dirty[level].clear((int) b);
      }
      allocated[level].clear((int) b);
    }
  }

  /**
   * Reads a block that the last checkpoint leads to, whether it is in memory or not, and says what
   * is wrong with it.
   *
   * @return whether there is such a block, and it is sound
   */
  boolean verify(int level, long index, Consumer<String> problems) {
    long word = entry(level, index);
    if ((word & PRESENT) == 0) {
      return false;
    }
    byte[] bytes;
    try {
      bytes = extents.readBlock(map, level, index, (word & COPY) == 0 ? 0 : 1);
    } catch (IndexOutOfBoundsException e) {
      problems.accept(nameOf(level, index) + " lies behind the end of the file");
      return false;
    }
    if (checksum(level, index, generation(level, index), bytes) != (int) word) {
      problems.accept(nameOf(level, index) + " is damaged");
      return false;
    }
    return true;
  }

  private String nameOf(int level, long index) {
    return NAMES[map] + ": block " + index + " of level " + level;
  }

  /** Takes space for all blocks that were ever written. */
  void fillHoles() {
    fillHoles(ROOT_LEVEL, 0);
  }

  private void fillHoles(int level, long index) {
    if ((entry(level, index) & PRESENT) != 0) {
      extents.fillHolesOfBlock(map, level, index);
      for (int e = 0; level > 0 && e < 1 << FANOUT_SHIFT; e++) {
        fillHoles(level - 1, (index << FANOUT_SHIFT) + e);
      }
    }
  }

  /** Lets {@link #peek} find nothing any more. */
  void detach() {
    leaves = new @Nullable Leaf[0];
  }

  private long entry(int level, long index) {
    if (level == ROOT_LEVEL) {
      return rootEntry[0];
    }
    long above = index >>> FANOUT_SHIFT;
    // What was never written is not made in memory by a look at it: allocate would take it for
    // something that has its space, and a file of nothing but holes could fill the heap.
    boolean isNothing =
        loaded(level + 1, above) == null && (entry(level + 1, above) & PRESENT) == 0;
    return isNothing ? 0 : block(level + 1, above)[entryAt(index)];
  }

  /** The generation of a block that was written. */
  private long generation(int level, long index) {
    return level == ROOT_LEVEL
        ? rootEntry[1]
        : block(level + 1, index >>> FANOUT_SHIFT)[entryAt(index) + 1];
  }

  private void setEntry(int level, long index, long word, long generation) {
    long[] entries = level == ROOT_LEVEL ? rootEntry : block(level + 1, index >>> FANOUT_SHIFT);
    int at = level == ROOT_LEVEL ? 0 : entryAt(index);
    entries[at] = word;
    entries[at + 1] = generation;
    if (level < ROOT_LEVEL) {
      dirty[level + 1].set((int) (index >>> FANOUT_SHIFT));
    }
  }

  private static int entryAt(long index) {
    return ((int) index & ((1 << FANOUT_SHIFT) - 1)) * ENTRY_WORDS;
  }

  private long @Nullable [] loaded(int level, long index) {
    return index < blocks[level].length ? blocks[level][(int) index] : null;
  }

  private long[] block(int level, long index) {
    long[] words = loaded(level, index);
    return words != null ? words : load(level, index);
  }

  private long[] load(int level, long index) {
    long word = entry(level, index);
    long[] words = new long[LEAF_WORDS];
    if ((word & PRESENT) != 0) {
      byte[] bytes = extents.readBlock(map, level, index, (word & COPY) == 0 ? 0 : 1);
      if (checksum(level, index, generation(level, index), bytes) != (int) word) {
        throw new PagerCorruptException(NAMES[map], nameOf(level, index) + " is damaged");
      }
      MemorySegment.copy(MemorySegment.ofArray(bytes), U64, 0, words, 0, words.length);
    }
    if (index >= blocks[level].length) {
      blocks[level] = Arrays.copyOf(blocks[level], BitTree.lengthFor(index));
    }
    if (level == 0) {
      publish((int) index, words);
    }
    blocks[level][(int) index] = words;
    return words;
  }

  private void publish(int leaf, long[] words) {
    @Nullable Leaf[] current = leaves;
    if (leaf >= current.length) {
      current = Arrays.copyOf(current, blocks[0].length);
    }
    current[leaf] = new Leaf(words, map == Geometry.PAGE_MAP ? extents.pagesOfLeaf(leaf) : null);
    leaves = current;
  }

  private int checksum(int level, long index, long generation, byte[] bytes) {
    return Checksum.of(
        bytes, 0, bytes.length, fileId, generation, index, ((long) map << 8) | level);
  }
}
