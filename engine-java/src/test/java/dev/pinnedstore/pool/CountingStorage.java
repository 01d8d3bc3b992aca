package dev.pinnedstore.pool;

import dev.pinnedstore.buffer.IoSlice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Memory that counts, and fails when told to. Pages of 4096 bytes. */
class CountingStorage implements PageStorage {
  final PageStorage memory = PageStorage.memory();

  /** Each as first page and number of pages. */
  final List<String> writes = Collections.synchronizedList(new ArrayList<>());

  final AtomicInteger syncs = new AtomicInteger();
  volatile boolean failReads;
  volatile boolean failWrites;
  volatile boolean failSyncs;
  private final AtomicInteger reads = new AtomicInteger();

  int reads() {
    return reads.get();
  }

  List<Long> writtenPages() {
    List<Long> pages = new ArrayList<>();
    for (String write : List.copyOf(writes)) {
      String[] parts = write.split("\\+");
      for (long i = 0; i < Long.parseLong(parts[1]); i++) {
        pages.add(Long.parseLong(parts[0]) + i);
      }
    }
    return pages;
  }

  @Override
  public long size() throws IOException {
    return memory.size();
  }

  @Override
  public long read(List<IoSlice> targets, long position) throws IOException {
    reads.incrementAndGet();
    if (failReads) {
      throw new IOException("Input/output error");
    }
    return memory.read(targets, position);
  }

  @Override
  public long write(List<IoSlice> sources, long position) throws IOException {
    if (failWrites) {
      throw new IOException("No space left on device");
    }
    long written = memory.write(sources, position);
    writes.add(position / 4096 + "+" + written / 4096);
    return written;
  }

  @Override
  public void sync() throws IOException {
    syncs.incrementAndGet();
    if (failSyncs) {
      throw new IOException("Input/output error");
    }
    memory.sync();
  }

  @Override
  public void close() throws IOException {
    memory.close();
  }
}
