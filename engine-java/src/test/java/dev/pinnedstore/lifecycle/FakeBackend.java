package dev.pinnedstore.lifecycle;

import dev.pinnedstore.backend.BackendStats;
import dev.pinnedstore.backend.StorageBackend;
import dev.pinnedstore.os.MappingFailedException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Answers what a test scripted and remembers what it was asked. It has no data path. */
final class FakeBackend implements StorageBackend {
  static final long PAGE_BYTES = 1 << 20;

  final List<String> calls = new CopyOnWriteArrayList<>();
  final FakeTime time;
  volatile long pageBytes = PAGE_BYTES;
  volatile double fill;
  volatile long begun;
  volatile long reused;
  volatile int ready;
  volatile int limit = Integer.MAX_VALUE;
  volatile long makeNanos;
  volatile int expired;
  volatile int givenBack;
  volatile long recycled;
  volatile @Nullable RuntimeException failure;

  /** Pages that writers had to make themselves. */
  volatile int stalls;

  FakeBackend(FakeTime time) {
    this.time = time;
  }

  /** Writers fill so many pages, taking ready ones where there are any. */
  void write(double pages) {
    double filled = begun + fill + pages;
    int taken = (int) (Math.floor(filled) - begun);
    begun += taken;
    stalls += Math.max(0, taken - ready);
    ready = Math.max(0, ready - taken);
    fill = filled - Math.floor(filled);
  }

  @Override
  public long pageBytes() {
    return pageBytes;
  }

  @Override
  public double fill() {
    return fill;
  }

  @Override
  public long pagesBegun() {
    return begun;
  }

  @Override
  public long pagesReused() {
    return reused;
  }

  @Override
  public int readyPages() {
    return ready;
  }

  @Override
  public boolean makeReady() {
    calls.add("makeReady");
    time.advance(makeNanos);
    if (ready >= limit) {
      return false;
    }
    ready++;
    return true;
  }

  @Override
  public long recycle(boolean atOnce) {
    calls.add("recycle " + atOnce);
    return recycled;
  }

  @Override
  public void sealIdle(long stillSinceNanos) {
    calls.add("sealIdle " + stillSinceNanos);
  }

  @Override
  public int giveBack(long idleSinceNanos, int atMost) {
    calls.add("giveBack " + idleSinceNanos + " " + atMost);
    return givenBack;
  }

  @Override
  public int expire() {
    RuntimeException thrown = failure;
    if (thrown != null) {
      throw thrown;
    }
    calls.add("expire");
    return expired;
  }

  @Override
  public void setPolled(boolean polled) {
    calls.add("setPolled " + polled);
  }

  @Override
  public void publish(long place, MemorySegment source, long offset, long size, long millis) {
    throw noDataPath();
  }

  @Override
  public void publish(long place, byte[] source, int offset, int size, long millis) {
    throw noDataPath();
  }

  @Override
  public long reserve(long size, long millis) {
    throw noDataPath();
  }

  @Override
  public long maxBlobBytes() {
    return MAX_BLOB_BYTES;
  }

  @Override
  public MemorySegment window(long place, long size, Arena arena) {
    throw noDataPath();
  }

  @Override
  public void publish(long place, long size, long millis) {
    throw noDataPath();
  }

  @Override
  public void cancel(long place, long size) {
    throw noDataPath();
  }

  @Override
  public int generation(int pageId) {
    throw noDataPath();
  }

  @Override
  public MemorySegment view(int pageId, int offset, int size, int generation, long millis) {
    throw noDataPath();
  }

  @Override
  public void openView(int pageId, int offset, int size) {
    throw noDataPath();
  }

  @Override
  public byte[] resolve(int pageId, int offset, int size, int generation, long millis) {
    throw noDataPath();
  }

  @Override
  public int check(int pageId, int offset, int size, int generation, long millis) {
    throw noDataPath();
  }

  @Override
  public int acknowledge(int pageId, int offset, int size, int generation, long millis) {
    throw noDataPath();
  }

  @Override
  public void sealFor(long size) {
    throw new UnsupportedOperationException("not the lifecycle's business");
  }

  @Override
  public boolean hasRoom(long size) {
    throw noDataPath();
  }

  @Override
  public @Nullable MappingFailedException refusal() {
    throw noDataPath();
  }

  @Override
  public BackendStats stats() {
    throw noDataPath();
  }

  @Override
  public boolean close() {
    throw noDataPath();
  }

  private static UnsupportedOperationException noDataPath() {
    return new UnsupportedOperationException("the lifecycle has no business here");
  }
}
