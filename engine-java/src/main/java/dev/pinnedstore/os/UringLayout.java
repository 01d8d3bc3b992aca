package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * What io_uring shares with the kernel. After {@code linux/io_uring.h}; numbers are little endian.
 *
 * <pre>
 * submission, 64 bytes
 *   0      1     2      4        8             16        24      28      32         40   64
 *   +------+-----+------+--------+-------------+---------+-------+-------+----------+----+
 *   |opcode|flags|ioprio| fd     | position    | address | length| flags | user data| 0  |
 *   +------+-----+------+--------+-------------+---------+-------+-------+----------+----+
 *
 * completion, 16 bytes
 *   0           8        12      16
 *   +-----------+--------+-------+
 *   | user data | result | flags |
 *   +-----------+--------+-------+
 *
 * parameters, 120 bytes
 *   0       4       8      12     20        24            40              80              120
 *   +-------+-------+------+------+---------+-------------+---------------+---------------+
 *   | sq    | cq    | flags| idle | features| reserved    | offsets in    | offsets in    |
 *   | entr. | entr. |      |      |         |             | the sq ring   | the cq ring   |
 *   +-------+-------+------+------+---------+-------------+---------------+---------------+
 *   sq ring: head, tail, mask, entries, flags, dropped, array; cq ring: head, tail, mask, entries,
 *   overflow, cqes; 4 bytes each
 * </pre>
 */
final class UringLayout {
  static final long SUBMISSION_BYTES = 64;
  static final long COMPLETION_BYTES = 16;
  static final long PARAMS_BYTES = 120;

  static final byte OP_READV = 1;
  static final byte OP_WRITEV = 2;
  static final byte OP_ASYNC_CANCEL = 14;
  static final byte OP_READ = 22;
  static final byte OP_WRITE = 23;

  /** Of set-up: entries of the completion ring are named; one thread submits, and is the one. */
  static final int SETUP_CQSIZE = 1 << 3;

  static final int SETUP_SINGLE_ISSUER = 1 << 12;
  static final int SETUP_DEFER_TASKRUN = 1 << 13;

  /** Both rings are one mapping; completions are never dropped; vectors are copied at once; 5.6. */
  static final int FEATURES = 1 | (1 << 1) | (1 << 2) | (1 << 3);

  /** Of enter: look for completions. */
  static final int ENTER_GETEVENTS = 1;

  static final long OFFSET_RINGS = 0;
  static final long OFFSET_SUBMISSIONS = 0x10000000L;

  static final long PARAMS_SQ_ENTRIES = 0;
  static final long PARAMS_CQ_ENTRIES = 4;
  static final long PARAMS_FLAGS = 8;
  static final long PARAMS_FEATURES = 20;
  static final long PARAMS_SQ = 40;
  static final long PARAMS_CQ = 80;

  /** In the offsets of either ring. */
  static final long HEAD = 0;

  static final long TAIL = 4;
  static final long SQ_ARRAY = 24;
  static final long CQ_CQES = 20;

  private static final VarHandle INDEX = JAVA_INT.varHandle();

  private UringLayout() {}

  /** An index that the kernel moves: what it wrote before is seen. */
  static int acquire(MemorySegment ring, long offset) {
    return (int) INDEX.getAcquire(ring, offset);
  }

  /** An index that the kernel reads: it sees what was written before. */
  static void release(MemorySegment ring, long offset, int value) {
    INDEX.setRelease(ring, offset, value);
  }

  static void submission(
      MemorySegment entries,
      long at,
      byte opcode,
      int descriptor,
      long position,
      long address,
      int length,
      long userData) {
    entries.asSlice(at, SUBMISSION_BYTES).fill((byte) 0);
    entries.set(JAVA_BYTE, at, opcode);
    entries.set(JAVA_INT, at + 4, descriptor);
    entries.set(JAVA_LONG, at + 8, position);
    entries.set(JAVA_LONG, at + 16, address);
    entries.set(JAVA_INT, at + 24, length);
    entries.set(JAVA_LONG, at + 32, userData);
  }

  static byte opcode(MemorySegment entries, long at) {
    return entries.get(JAVA_BYTE, at);
  }

  static int descriptor(MemorySegment entries, long at) {
    return entries.get(JAVA_INT, at + 4);
  }

  static long position(MemorySegment entries, long at) {
    return entries.get(JAVA_LONG, at + 8);
  }

  static long address(MemorySegment entries, long at) {
    return entries.get(JAVA_LONG, at + 16);
  }

  static int length(MemorySegment entries, long at) {
    return entries.get(JAVA_INT, at + 24);
  }

  static long submittedData(MemorySegment entries, long at) {
    return entries.get(JAVA_LONG, at + 32);
  }

  static long completedData(MemorySegment entries, long at) {
    return entries.get(JAVA_LONG, at);
  }

  static int result(MemorySegment entries, long at) {
    return entries.get(JAVA_INT, at + 8);
  }

  static void completion(MemorySegment entries, long at, long userData, int result) {
    entries.set(JAVA_LONG, at, userData);
    entries.set(JAVA_INT, at + 8, result);
    entries.set(JAVA_INT, at + 12, 0);
  }
}
