package dev.pinnedstore.backend;

import dev.pinnedstore.os.Mapping;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MemorySource;
import dev.pinnedstore.os.Reservation;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Memory from Arenas that refuses on demand and remembers every mapping and every reserved range,
 * whose commits count as mappings here. Safe for threads.
 */
final class FakeSource implements MemorySource {
  final List<FakeMapping> mappings = new CopyOnWriteArrayList<>();
  final List<FakeReservation> reservations = new CopyOnWriteArrayList<>();
  private final AtomicInteger refusals = new AtomicInteger();
  private final AtomicInteger touchRefusals = new AtomicInteger();
  private final AtomicReference<Runnable> onMap = new AtomicReference<>(() -> {});

  @Override
  public Mapping map(long dataBytes, long extraBytes, boolean hugePages)
      throws MappingFailedException {
    askedFor();
    FakeMapping mapping = new FakeMapping(this, dataBytes, extraBytes);
    mappings.add(mapping);
    return mapping;
  }

  @Override
  public Reservation reserve(long bytes) throws MappingFailedException {
    askedFor();
    FakeReservation reservation = new FakeReservation(this, bytes);
    reservations.add(reservation);
    return reservation;
  }

  /** Refuses the next mappings. */
  void refuse(int times) {
    refusals.set(times);
  }

  /** Refuses to make the next mappings resident. */
  void refuseTouch(int times) {
    touchRefusals.set(times);
  }

  /** Runs once, when the next memory is asked for, on the thread that asks. */
  void onNextMap(Runnable action) {
    onMap.set(action);
  }

  void askedFor() throws MappingFailedException {
    onMap.getAndSet(() -> {}).run();
    if (refusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      throw refusal("map");
    }
  }

  void touched() throws MappingFailedException {
    if (touchRefusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      throw refusal("touch");
    }
  }

  List<FakeMapping> open() {
    return mappings.stream().filter(mapping -> !mapping.isClosed()).toList();
  }

  /** Mappings that were closed while a view or a window of them could still be accessed. */
  List<FakeMapping> outlived() {
    return mappings.stream().filter(FakeMapping::wasOutlived).toList();
  }

  /** The range of a virtual backend's pages. */
  FakeReservation data() {
    return reservations.getFirst();
  }

  /** The range of their tables. */
  FakeReservation tables() {
    return reservations.getLast();
  }

  /** Reserved ranges whose memory went while it could still be accessed. */
  List<FakeReservation> outlivedRanges() {
    return reservations.stream().filter(FakeReservation::wasOutlived).toList();
  }

  static MappingFailedException refusal(String call) {
    return new MappingFailedException(
        MappingFailedException.Limit.MEMORY, "scripted refusal of " + call, 0, 1 << 20, null);
  }
}
