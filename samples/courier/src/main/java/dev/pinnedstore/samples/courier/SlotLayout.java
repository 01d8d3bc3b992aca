package dev.pinnedstore.samples.courier;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.invoke.VarHandle;

/**
 * The layout of a slot in a {@link HandleRing}: one cache line, native byte order.
 *
 * <pre>
 *   0        8                        32       36       40         44       64
 *   +--------+------------------------+--------+--------+----------+---------+
 *   | turn   | handle                 | file   | piece  | checksum | unused  |
 *   | i64    | 24 bytes               | i32    | i32    | i32      |         |
 *   +--------+------------------------+--------+--------+----------+---------+
 * </pre>
 */
final class SlotLayout {
  static final long BYTES = 64;

  static final long TURN_AT = 0;
  static final long HANDLE_AT = 8;
  static final long FILE_AT = 32;
  static final long PIECE_AT = 36;
  static final long CHECKSUM_AT = 40;

  static final VarHandle LONG = JAVA_LONG.varHandle();
  static final VarHandle INT = JAVA_INT.varHandle();

  private SlotLayout() {}
}
