package dev.pinnedstore.backend;

import dev.pinnedstore.os.Mapping;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MemorySource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Memory from Arenas that refuses on demand and remembers every mapping. Safe for threads. */
final class FakeSource implements MemorySource {
  final List<FakeMapping> mappings = new CopyOnWriteArrayList<>();
  private final AtomicInteger refusals = new AtomicInteger();
  private final AtomicInteger touchRefusals = new AtomicInteger();
  private final AtomicReference<Runnable> onMap = new AtomicReference<>(() -> {});

  @Override
  public Mapping map(long dataBytes, long extraBytes, boolean hugePages)
      throws MappingFailedException {
    onMap.getAndSet(() -> {}).run();
    if (refusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      throw refusal("map");
    }
    FakeMapping mapping = new FakeMapping(this, dataBytes, extraBytes);
    mappings.add(mapping);
    return mapping;
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

  private static MappingFailedException refusal(String call) {
    return new MappingFailedException(
        MappingFailedException.Limit.MEMORY, "scripted refusal of " + call, 0, 1 << 20, null);
  }
}
