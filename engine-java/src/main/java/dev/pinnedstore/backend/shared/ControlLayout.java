package dev.pinnedstore.backend.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The control file of a namespace, {@code NS_ctrl}: 128 bytes, native byte order.
 *
 * <pre>
 *  offset size field        who changes it, and how
 *  ------ ---- ------------ ---------------------------------------------------------------
 *     0     8  magic        the creator, before the file has its name
 *     8     4  version = 1  the creator
 *    12     4  chunk size   the creator, in bytes
 *    16     4  write head   id of the chunk that takes blobs; compare-and-set
 *    20     4  chunk count  the highest id ever taken + 1; compare-and-set, grows only
 *    24     4  generation   of the newest chunk or incarnation; get-and-add
 *    28     4  maker        MADE_HERE, or 0: made by the Rust original. The creator
 *    32     4  closed       1 once the last process has left; under the gate
 *    36     4  first        the generation of the first chunk; 0: the original's, 1. The creator
 *    40     8  incarnation  a random number, the same in the lock file. The creator
 *    48    80  zero
 * </pre>
 *
 * <p>Bytes 0 to 27 are version 1 of the original; what follows it leaves zero and never reads.
 */
final class ControlLayout {
  static final int BYTES = 128;
  static final long MAGIC = 0x444D_5850_5F4F_5646L;
  static final int VERSION = 1;

  /** {@code maker} of a namespace that a JVM created. */
  static final int MADE_HERE = 0x4A56_4D31;

  private static final int MAGIC_AT = 0;
  private static final int VERSION_AT = 8;
  private static final int CHUNK_SIZE_AT = 12;
  private static final long WRITE_HEAD_AT = 16;
  private static final long CHUNK_COUNT_AT = 20;
  private static final int GENERATION_AT = 24;
  private static final int MAKER_AT = 28;
  private static final long CLOSED_AT = 32;
  private static final int FIRST_AT = 36;
  private static final int INCARNATION_AT = 40;
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private ControlLayout() {}

  /** The file as its creator writes it: chunk 0 exists and takes blobs. */
  static byte[] created(int chunkSize, int generation, long incarnation) {
    ByteBuffer file = ByteBuffer.allocate(BYTES).order(ByteOrder.nativeOrder());
    file.putLong(MAGIC_AT, MAGIC).putInt(VERSION_AT, VERSION).putInt(CHUNK_SIZE_AT, chunkSize);
    file.putInt((int) CHUNK_COUNT_AT, 1).putInt(GENERATION_AT, generation);
    file.putInt(MAKER_AT, MADE_HERE).putInt(FIRST_AT, generation);
    file.putLong(INCARNATION_AT, incarnation);
    return file.array();
  }

  static long magic(ByteBuffer file) {
    return file.getLong(MAGIC_AT);
  }

  static int version(ByteBuffer file) {
    return file.getInt(VERSION_AT);
  }

  static long chunkSize(ByteBuffer file) {
    return Integer.toUnsignedLong(file.getInt(CHUNK_SIZE_AT));
  }

  static long writeHead(ByteBuffer file) {
    return Integer.toUnsignedLong(file.getInt((int) WRITE_HEAD_AT));
  }

  static long chunkCount(ByteBuffer file) {
    return Integer.toUnsignedLong(file.getInt((int) CHUNK_COUNT_AT));
  }

  static boolean isMadeHere(ByteBuffer file) {
    return file.getInt(MAKER_AT) == MADE_HERE;
  }

  static boolean isClosed(ByteBuffer file) {
    return file.getInt((int) CLOSED_AT) != 0;
  }

  static long incarnation(ByteBuffer file) {
    return file.getLong(INCARNATION_AT);
  }

  static int writeHead(MemorySegment control) {
    return (int) INT.getAcquire(control, WRITE_HEAD_AT);
  }

  static boolean moveHead(MemorySegment control, int from, int to) {
    return writeHead(control) == from && INT.compareAndSet(control, WRITE_HEAD_AT, from, to);
  }

  static int chunkCount(MemorySegment control) {
    return (int) INT.getAcquire(control, CHUNK_COUNT_AT);
  }

  static boolean raiseChunkCount(MemorySegment control, int from) {
    return INT.compareAndSet(control, CHUNK_COUNT_AT, from, from + 1);
  }

  static int generation(MemorySegment control) {
    return (int) INT.getAcquire(control, (long) GENERATION_AT);
  }

  /** The generation of a new chunk, or of a new incarnation of one. */
  static int nextGeneration(MemorySegment control) {
    return (int) INT.getAndAdd(control, (long) GENERATION_AT, 1) + 1;
  }

  /** The generation of the first chunk of this run. */
  static int firstGeneration(ByteBuffer file) {
    return isMadeHere(file) ? file.getInt(FIRST_AT) : 1;
  }

  static boolean isClosed(MemorySegment control) {
    return (int) INT.getAcquire(control, CLOSED_AT) != 0;
  }

  static void close(MemorySegment control) {
    INT.setVolatile(control, CLOSED_AT, 1);
  }
}
