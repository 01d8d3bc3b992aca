package dev.pinnedstore.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A whole file, mapped. Safe for threads. Whoever mapped it closes it, after the arenas of all
 * aliases: with native access an alias is a bare address, as in {@link Mapping}.
 */
public final class SharedMapping {
  private final Path path;

  /** Of the file that is mapped; no other has it as long as it is. */
  private final Object identity;

  private final MemorySegment base;
  private final Arena arena;

  SharedMapping(Path path, Object identity, MemorySegment base, Arena arena) {
    this.path = path;
    this.identity = identity;
    this.base = base;
    this.arena = arena;
  }

  /**
   * Returns the whole file, in a shared arena of its own.
   *
   * @return a writable segment, always the same one
   */
  public MemorySegment base() {
    return base;
  }

  /**
   * Returns a part of the file under another arena. Granted, one object at the same address;
   * denied, a mapping of its own of the file that has the name now.
   *
   * @param offset first byte
   * @param bytes size in bytes
   * @param lifetime how long the alias lives
   * @return a writable alias
   * @throws IllegalStateException if the mapping or the arena is closed
   * @throws AliasFailedException if the operating system refuses, or the name leads to another file
   */
  @SuppressWarnings("restricted")
  public MemorySegment alias(long offset, long bytes, Arena lifetime) {
    Arenas.checkAlive(arena, lifetime);
    if (NativeTier.current() == NativeTier.GRANTED) {
      return base.asSlice(offset, bytes).reinterpret(lifetime, null);
    }
    try {
      MappingBudget.ofThisProcess().take();
      MemorySegment alias = SharedFiles.mapOnce(path, offset, bytes, base.byteSize(), lifetime);
      if (!SharedFiles.leadsTo(path, identity)) {
        throw SharedFileException.shape(path, "is another file now than the one that is mapped");
      }
      return alias;
    } catch (MappingFailedException e) {
      throw new AliasFailedException(e);
    } catch (IOException e) {
      throw new AliasFailedException(FileRefusals.explain(SharedFiles.directory(path), bytes, e));
    }
  }

  /**
   * Enters all of the file into this process's page table, so that its writes do not fault. Changes
   * no byte and may run beside anybody. Not for a writer's thread.
   *
   * @param bytes how much, from the start
   * @throws MappingFailedException when there is no room for what is not backed
   */
  public void touch(long bytes) throws MappingFailedException {
    NativeMemory memory =
        NativeTier.current() == NativeTier.GRANTED ? NativeMemory.current() : null;
    if (memory == null) {
      base.asSlice(0, bytes).load();
    } else {
      memory.populate(base.asSlice(0, bytes));
    }
  }

  /**
   * Unmaps. Costs a handshake with all threads.
   *
   * @return true once it is unmapped; false while some thread holds it: try again later
   */
  public boolean close() {
    return Arenas.close(arena);
  }
}
