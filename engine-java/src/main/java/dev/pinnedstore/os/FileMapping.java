package dev.pinnedstore.os;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel.MapMode;
import java.util.Objects;

/**
 * A page in a file. Each alias is a mapping of its own, and stays sound when the page is closed.
 */
final class FileMapping implements Mapping {
  private final PageFile file;
  private final Arena arena;
  private final MemorySegment base;
  private final Extent extent;

  FileMapping(PageFile file, Arena arena, MemorySegment base, Extent extent) {
    this.file = file;
    this.arena = arena;
    this.base = base;
    this.extent = extent;
  }

  @Override
  public MemorySegment base() {
    return base;
  }

  @Override
  public MemorySegment view(Arena lifetime) {
    return alias(MapMode.READ_ONLY, 0, extent.dataBytes(), lifetime);
  }

  @Override
  public MemorySegment window(long offset, long bytes, Arena lifetime) {
    // Beyond its end the file would grow.
    Objects.checkFromIndexSize(offset, bytes, extent.totalBytes());
    return alias(MapMode.READ_WRITE, offset, bytes, lifetime);
  }

  private MemorySegment alias(MapMode mode, long offset, long bytes, Arena lifetime) {
    Arenas.checkAlive(arena, lifetime);
    try {
      return file.map(mode, offset, bytes, lifetime);
    } catch (ClosedChannelException e) {
      throw new IllegalStateException("the mapping is closed", e);
    } catch (MappingFailedException e) {
      throw new AliasFailedException(e);
    } catch (IOException e) {
      throw new AliasFailedException(FileRefusals.explain(file.directory(), bytes, e));
    }
  }

  @Override
  public void touch() {
    base.load();
  }

  @Override
  public long address() {
    return base.address();
  }

  @Override
  public long dataBytes() {
    return extent.dataBytes();
  }

  @Override
  public boolean close() {
    if (!Arenas.close(arena)) {
      return false;
    }
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return true;
  }
}
