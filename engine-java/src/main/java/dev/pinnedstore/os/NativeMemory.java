package dev.pinnedstore.os;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Anonymous memory of one operating system, by native calls. Implementations are loaded only where
 * native access is granted, and are safe for threads.
 */
interface NativeMemory {

  /** What one {@link #map} took, to be given back whole. */
  record Region(long address, long bytes) {}

  /** Returns the calls of the system that runs here, or null where none are known. */
  static @Nullable NativeMemory current() {
    return switch (OperatingSystem.CURRENT) {
      case LINUX -> new LinuxMemory();
      case MAC -> new MacMemory();
      case WINDOWS -> new WindowsMemory();
      case OTHER -> null;
    };
  }

  /** Maps zeroed memory, readable and writable, accounted for but not resident. */
  Region map(long bytes, boolean hugePages) throws MappingFailedException;

  /**
   * Gives a region back. False where the system refuses; its memory is given back even then, and
   * the addresses stay taken until another try succeeds.
   */
  boolean unmap(Region region);

  /** Makes a live segment resident and writable without a fault, changing no byte. */
  void populate(MemorySegment segment) throws MappingFailedException;

  /** {@link #populate} for systems without a call for it. */
  static void populateByWriting(MemorySegment segment) {
    for (long at = 0; at < segment.byteSize(); at += Machine.pageBytes()) {
      // Faults as a write does, and changes nothing: zero becomes zero, anything else stays. Being
      // one atomic step it cannot undo what another thread writes there.
      var _ = Word.LONG.compareAndSet(segment, at, 0L, 0L);
    }
  }

  /** Holds the handle of {@link #populateByWriting}. */
  final class Word {
    static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private Word() {}
  }
}
