package dev.pinnedstore.backend;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what a backend tells. */
final class CountingEvents implements BackendEvents {
  final AtomicInteger made = new AtomicInteger();
  final AtomicInteger stalled = new AtomicInteger();
  final AtomicInteger emptied = new AtomicInteger();
  final AtomicLong room = new AtomicLong();
  final AtomicInteger reused = new AtomicInteger();
  final AtomicInteger givenBack = new AtomicInteger();
  final AtomicInteger expired = new AtomicInteger();

  @Override
  public void pageMade(int pageId, long bytes, long nanos) {
    made.incrementAndGet();
  }

  @Override
  public void stalled(int pageId, long bytes, long nanos) {
    stalled.incrementAndGet();
  }

  @Override
  public void pageEmptied(int pageId, long bytes) {
    emptied.incrementAndGet();
  }

  @Override
  public void roomMayCome(long bytes) {
    room.addAndGet(bytes);
  }

  @Override
  public void pageReused(int pageId, long bytes) {
    reused.incrementAndGet();
  }

  @Override
  public void pageGivenBack(int pageId, long bytes) {
    givenBack.incrementAndGet();
  }

  @Override
  public void pageExpired(int pageId, long bytes) {
    expired.incrementAndGet();
  }

  @Override
  public void ownerRecovered() {
    throw new AssertionError("pages of one process have one owner");
  }
}
