package dev.pinnedstore.buffer;

import dev.pinnedstore.os.BufferMemory;
import dev.pinnedstore.os.NativeTier;

/** Where buffers take their memory: a tier's, with the groups of its shared buffers. */
record BufferPlace(BufferMemory memory, SharedGroups groups) {
  BufferPlace(BufferMemory memory) {
    this(memory, new SharedGroups(memory));
  }

  /** Returns the one place of this JVM. */
  static BufferPlace current() {
    return Current.PLACE;
  }

  private static final class Current {
    static final BufferPlace PLACE = new BufferPlace(BufferMemory.forTier(NativeTier.current()));
  }
}
