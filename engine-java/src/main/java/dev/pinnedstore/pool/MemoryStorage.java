package dev.pinnedstore.pool;

import dev.pinnedstore.buffer.IoSlice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.TreeMap;

/** Pages on the heap: blocks by position. What was never written reads as zeros. */
final class MemoryStorage implements PageStorage {
  private static final int BLOCK_BYTES = 4096;

  private final TreeMap<Long, byte[]> blocks = new TreeMap<>();
  private boolean closed;

  @Override
  public synchronized long size() throws IOException {
    check();
    return blocks.isEmpty() ? 0 : (blocks.lastKey() + 1) * BLOCK_BYTES;
  }

  @Override
  public synchronized long read(List<IoSlice> targets, long position) throws IOException {
    long room = Math.max(0, size() - position);
    long done = 0;
    for (IoSlice target : targets) {
      MemorySegment memory = target.memory();
      for (long at = 0; at < memory.byteSize() && done < room; at += BLOCK_BYTES) {
        byte[] block = blocks.get((position + done) / BLOCK_BYTES);
        MemorySegment part = memory.asSlice(at, BLOCK_BYTES);
        if (block == null) {
          part.fill((byte) 0);
        } else {
          MemorySegment.copy(block, 0, part, ValueLayout.JAVA_BYTE, 0, BLOCK_BYTES);
        }
        done += BLOCK_BYTES;
      }
    }
    return done;
  }

  @Override
  public synchronized long write(List<IoSlice> sources, long position) throws IOException {
    check();
    long done = 0;
    for (IoSlice source : sources) {
      MemorySegment data = source.segment();
      for (long at = 0; at < data.byteSize(); at += BLOCK_BYTES) {
        byte[] block = data.asSlice(at, BLOCK_BYTES).toArray(ValueLayout.JAVA_BYTE);
        blocks.put((position + done) / BLOCK_BYTES, block);
        done += BLOCK_BYTES;
      }
    }
    return done;
  }

  @Override
  public synchronized void sync() throws IOException {
    check();
  }

  @Override
  public synchronized void close() {
    closed = true;
    blocks.clear();
  }

  private void check() throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
  }
}
