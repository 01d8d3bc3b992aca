package dev.pinnedstore.backend.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The lock file of a namespace, {@code NS_lock}: who takes part, what they are doing, and which
 * chunks are alive. Native byte order; known to JVMs only.
 *
 * <pre>
 *  offset   size field
 *  -------- ---- -----------------------------------------------------------------------
 *       0     8  magic, written last
 *       8     8  incarnation, the same in the control file; 0: made by the original
 *      16     8  TTL in ms, 0: none
 *      24     8  most chunks that may be alive, by whichever limit
 *      32     8  maxChunks, 40: maxBytes, the limits themselves
 *      48     8  chunks that became the write head; get-and-add
 *      56     8  chunks made, 64: recycled, 72: given back; get-and-add
 *      80     4  entries of the chunk table that were ever used
 *      88     8  blobs of incarnations that are past
 *    4096  64 x 1024  slots, one for each store that takes part
 *   69632  4096 x 32  chunk table
 *
 *  slot:  0  4  state: 0 free, 1 taken        cell, at 32 + 32 * k, k = 0 .. 30:
 *         4  4  process id, for messages        0  8  0: idle, else chunk id + 2^32,
 *                                                  + 2^33 once the range says what is held,
 *                                                  + 2^34 of who will hold nothing
 *         8  8  joined, monotonic ms            8  8  0: not yet, else offset * 2^32 + size
 *
 *  chunk table entry:
 *         0  8  0: free, else state * 2^56 + slot * 2^48 + chunk id; states: 1 its
 *               maker (the slot) has no id yet, 2 in the making, 3 alive
 *         8  8  leases: bit s: slot s may have views of it
 *        16  8  windows: bit s: slot s has reservations that are being written in place
 *        24  8  zero
 *
 *  locks:  byte 2^40: the gate, for joining and leaving; 2^40 + 1: the keeper;
 *          2^40 + 2 + s: slot s, held as long as its store lives
 * </pre>
 */
final class PeersLayout {
  static final long MAGIC = 0x3152_4545_5050_5346L;
  static final int SLOTS = 64;
  static final int CELLS = 31;
  static final int CHUNKS = 4096;
  static final long SLOTS_AT = 4096;
  static final long SLOT_BYTES = 1024;
  static final long CHUNKS_AT = SLOTS_AT + SLOTS * SLOT_BYTES;
  static final long CHUNK_BYTES = 32;
  static final long BYTES = CHUNKS_AT + CHUNKS * CHUNK_BYTES;

  static final long GATE = 1L << 40;
  static final long KEEPER = GATE + 1;

  static final long MAGIC_AT = 0;
  static final long INCARNATION_AT = 8;
  static final long TTL_AT = 16;
  static final long LIMIT_AT = 24;
  static final long MAX_CHUNKS_AT = 32;
  static final long MAX_BYTES_AT = 40;
  static final long BEGUN_AT = 48;
  static final long MADE_AT = 56;
  static final long RECYCLED_AT = 64;
  static final long GIVEN_BACK_AT = 72;
  static final long TABLE_END_AT = 80;
  static final long PAST_BLOBS_AT = 88;

  static final long CELLS_AT = 32;
  static final long CELL_BYTES = 32;
  static final long RANGE_AT = 8;

  static final long LEASES_AT = 8;
  static final long WINDOWS_AT = 16;

  static final int FREE = 0;
  static final int CLAIMED = 1;
  static final int MAKING = 2;
  static final int ALIVE = 3;

  static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private PeersLayout() {}

  static long lockOf(int slot) {
    return GATE + 2 + slot;
  }

  static long slotAt(int slot) {
    return SLOTS_AT + slot * SLOT_BYTES;
  }

  static long cellAt(int slot, int cell) {
    return slotAt(slot) + CELLS_AT + cell * CELL_BYTES;
  }

  static boolean isTaken(MemorySegment file, int slot) {
    return (int) INT.getVolatile(file, slotAt(slot)) != 0;
  }

  static long chunkAt(int index) {
    return CHUNKS_AT + index * CHUNK_BYTES;
  }

  static long chunkWord(int state, int slot, int id) {
    return ((long) state << 56) | ((long) slot << 48) | Integer.toUnsignedLong(id);
  }

  static int state(long word) {
    return (int) (word >>> 56);
  }

  static int slot(long word) {
    return (int) (word >>> 48) & 0xFF;
  }

  static int id(long word) {
    return (int) word;
  }

  static long getLong(MemorySegment file, long at) {
    return (long) LONG.getVolatile(file, at);
  }
}
