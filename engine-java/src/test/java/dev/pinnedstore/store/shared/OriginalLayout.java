package dev.pinnedstore.store.shared;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The files of the original, version 1, little endian.
 *
 * <pre>
 *  NS_ctrl, 128 bytes
 *   0         8         12           16           20            24           28          128
 *   +---------+---------+------------+------------+-------------+------------+-----------+
 *   | magic   | version | chunk size | write head | chunk count | generation | zero      |
 *   +---------+---------+------------+------------+-------------+------------+-----------+
 *
 *  NS_data_N, chunk size bytes
 *   0      4            8             12          16            24            32     64
 *   +------+------------+-------------+-----------+-------------+-------------+------+------
 *   | used | generation | entry count | ack count | empty since | first write | zero | blobs
 *   +------+------------+-------------+-----------+-------------+-------------+------+------
 * </pre>
 */
final class OriginalLayout {
  static final long MAGIC = 0x444D58505F4F5646L;
  static final int VERSION = 1;
  static final int CONTROL_BYTES = 128;
  static final int HEADER_BYTES = 64;

  static final int CONTROL_MAGIC = 0;
  static final int CONTROL_VERSION = 8;
  static final int CONTROL_CHUNK_SIZE = 12;
  static final int WRITE_HEAD = 16;
  static final int CHUNK_COUNT = 20;
  static final int CONTROL_GENERATION = 24;

  static final int USED = 0;
  static final int GENERATION = 4;
  static final int ENTRY_COUNT = 8;
  static final int ACK_COUNT = 12;
  static final int EMPTY_SINCE = 16;
  static final int FIRST_WRITE = 24;

  static final VarHandle INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
  static final VarHandle LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  private OriginalLayout() {}

  /** The documented fields of a control file. */
  record Control(
      long magic, int version, int chunkSize, int writeHead, int chunkCount, int generation) {
    static Control of(byte[] file) {
      ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
      return new Control(
          bytes.getLong(CONTROL_MAGIC),
          bytes.getInt(CONTROL_VERSION),
          bytes.getInt(CONTROL_CHUNK_SIZE),
          bytes.getInt(WRITE_HEAD),
          bytes.getInt(CHUNK_COUNT),
          bytes.getInt(CONTROL_GENERATION));
    }
  }

  /** The documented fields of a chunk's header. */
  record Header(
      int used,
      int generation,
      int entryCount,
      int ackCount,
      long emptySinceMillis,
      long firstWriteMillis) {
    static Header of(byte[] file) {
      ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
      return new Header(
          bytes.getInt(USED),
          bytes.getInt(GENERATION),
          bytes.getInt(ENTRY_COUNT),
          bytes.getInt(ACK_COUNT),
          bytes.getLong(EMPTY_SINCE),
          bytes.getLong(FIRST_WRITE));
    }

    boolean isUnwritten() {
      return used == 0 && entryCount == 0;
    }
  }
}
