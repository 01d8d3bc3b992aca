package dev.pinnedstore.benchmarks;

import dev.pinnedstore.store.BlobHandle;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Carries handles from one process to another through a mapped file.
 *
 * <pre>
 *   0        128      256
 *  +--------+--------+---------+---------+----
 *  |  head  |  tail  | slot 0  | slot 1  | ...     slots of 24 bytes
 *  +--------+--------+---------+---------+----
 * </pre>
 *
 * <p>The writer changes a slot and then the head (release), the reader reads the head (acquire) and
 * then slots. The tail is the same the other way.
 */
final class SharedHandleRing {
  static final int SLOTS = 16_384;

  private static final long HEAD_AT = 0;
  private static final long TAIL_AT = 128;
  private static final long SLOTS_AT = 256;
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment file;
  private long position;
  private long seen;

  private SharedHandleRing(MemorySegment file) {
    this.file = file;
  }

  /** Maps the file, which is made if it is not there; until the process ends. */
  static SharedHandleRing map(Path path) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long bytes = SLOTS_AT + (long) SLOTS * BlobHandle.BYTES;
      return new SharedHandleRing(
          channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, Arena.global()));
    }
  }

  MemorySegment memory() {
    return file;
  }

  /** Waits until less than so many slots are taken, and returns where the next one is. */
  long claim(int atMost) {
    while (position - seen >= atMost) {
      seen = (long) LONG.getAcquire(file, TAIL_AT);
      if (position - seen >= atMost) {
        Thread.onSpinWait();
      }
    }
    return slot(position);
  }

  /** Hands over the slot. */
  void publish() {
    position++;
    LONG.setRelease(file, HEAD_AT, position);
  }

  /** Takes all that has been handed over. */
  int take(Consumer.Use use) {
    long from = position;
    long head = (long) LONG.getAcquire(file, HEAD_AT);
    for (; position < head; position++) {
      use.take(file, slot(position));
    }
    LONG.setRelease(file, TAIL_AT, position);
    return (int) (position - from);
  }

  private static long slot(long position) {
    return SLOTS_AT + position % SLOTS * BlobHandle.BYTES;
  }
}
