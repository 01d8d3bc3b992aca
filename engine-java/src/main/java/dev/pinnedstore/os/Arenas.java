package dev.pinnedstore.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What both kinds of mapping do with arenas. */
final class Arenas {
  /** Never started; stands for any thread that does not own a given arena. */
  private static final Thread STRANGER = Thread.ofPlatform().unstarted(() -> {});

  private Arenas() {}

  /** Refuses a mapping that is closed, and an arena that is. */
  static void checkAlive(Arena mapping, Arena lifetime) {
    if (!mapping.scope().isAlive()) {
      throw new IllegalStateException("the mapping is closed");
    }
    if (!lifetime.scope().isAlive()) {
      throw new IllegalStateException("the arena of the alias is closed");
    }
  }

  /** Says whether only one thread may use an arena; costs an allocation of a byte in it. */
  static boolean isConfined(Arena arena) {
    MemorySegment probe = arena.allocate(0);
    return !probe.isAccessibleBy(STRANGER);
  }

  /** Closes a shared arena; true if it is closed, false while some thread holds it. */
  static boolean close(Arena arena) {
    if (!arena.scope().isAlive()) {
      return true;
    }
    try {
      arena.close();
      return true;
    } catch (IllegalStateException e) {
      // Held right now, or closed by another thread since the check above.
      return !arena.scope().isAlive();
    }
  }
}
