package dev.pinnedstore.pool;

import dev.pinnedstore.pool.PoolFile.Source;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Opens the files of a pool and repairs them; closes them if that fails. */
final class PoolOpener {
  private PoolOpener() {}

  static BufferPool open(
      BufferPoolConfig config, List<Source> sources, @Nullable WriteAheadLog wal) {
    List<PageStorage> opened = new ArrayList<>();
    boolean done = false;
    try {
      List<PoolFile> files = new ArrayList<>();
      int restored = 0;
      for (Source source : sources) {
        PageStorage storage = source.open();
        opened.add(storage);
        PageStorage area = area(storage, config);
        if (area != null) {
          opened.add(area);
        }
        PoolFile file = new PoolFile(files.size(), storage, area, config);
        restored += file.recover(config.checksums());
        if (area != null && !config.doubleWrite()) {
          // What it holds would be older than the pages that are written from now on.
          file.clearArea();
          area.close();
          file = new PoolFile(files.size(), storage, null, config);
        }
        files.add(file);
      }
      PoolParts parts = new PoolParts(config, List.copyOf(files), wal);
      parts.counters.restoredPages.add(restored);
      BufferPool pool = start(parts);
      done = true;
      return pool;
    } catch (IOException e) {
      throw new PageIoException("cannot open the pool: " + e.getMessage(), e);
    } finally {
      if (!done) {
        closeAll(opened);
      }
    }
  }

  /** Opens the area, also if it is not wanted any more: a crash may have left pages in it. */
  private static @Nullable PageStorage area(PageStorage storage, BufferPoolConfig config)
      throws IOException {
    boolean none = !config.doubleWrite() && storage instanceof FileStorage file && !file.hasArea();
    return none ? null : storage.doubleWriteArea();
  }

  private static BufferPool start(PoolParts parts) {
    boolean done = false;
    try {
      BufferPool pool = BufferPool.start(parts);
      done = true;
      return pool;
    } finally {
      if (!done) {
        parts.frames.close();
      }
    }
  }

  private static void closeAll(List<PageStorage> opened) {
    for (PageStorage storage : opened) {
      try {
        storage.close();
      } catch (IOException | RuntimeException e) {
        System.getLogger("dev.pinnedstore")
            .log(System.Logger.Level.WARNING, "cannot close " + storage, e);
      }
    }
  }
}
