package dev.pinnedstore.store.shared;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The chunks that one process of the original has mapped, by id, behind a read-write lock. */
final class OriginalChunks {
  final long chunkSize;
  private final Path directory;
  private final String namespace;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final TreeMap<Integer, OriginalFile> chunks =
      new TreeMap<>(Comparator.comparingLong(Integer::toUnsignedLong));

  OriginalChunks(Path directory, String namespace, long chunkSize) {
    this.directory = directory;
    this.namespace = namespace;
    this.chunkSize = chunkSize;
  }

  static void checkNamespace(String namespace) {
    int bytes = namespace.getBytes(UTF_8).length;
    if (bytes < 1 || bytes > 200 || namespace.contains("/") || namespace.contains("\0")) {
      throw OriginalError.invalidHandle();
    }
  }

  static Path control(Path directory, String namespace) {
    return directory.resolve(namespace + "_ctrl");
  }

  private Path data(int id) {
    return data(directory, namespace, id);
  }

  private static Path data(Path directory, String namespace, int id) {
    return directory.resolve(namespace + "_data_" + Integer.toUnsignedString(id));
  }

  int size() {
    lock.readLock().lock();
    try {
      return chunks.size();
    } finally {
      lock.readLock().unlock();
    }
  }

  /** A new file, which nobody of this process finds before it is put. */
  OriginalFile create(int id) {
    return OriginalFile.create(data(id), id, chunkSize);
  }

  void put(OriginalFile chunk) {
    lock.writeLock().lock();
    try {
      OriginalFile old = chunks.put(chunk.id, chunk);
      if (old != null) {
        old.leave();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** A chunk with its use counted, opened if this process does not know it; null if it is gone. */
  @Nullable OriginalFile lookup(int id) {
    while (true) {
      lock.readLock().lock();
      try {
        OriginalFile chunk = chunks.get(id);
        if (chunk != null) {
          chunk.enter();
          return chunk;
        }
      } finally {
        lock.readLock().unlock();
      }
      try {
        put(OriginalFile.open(data(id), id, chunkSize));
      } catch (OriginalError _) {
        return null;
      }
    }
  }

  /** The first chunk in the order of ids; its use is not counted. */
  @Nullable OriginalFile first(Predicate<OriginalFile> wanted) {
    lock.readLock().lock();
    try {
      return chunks.values().stream().filter(wanted).findFirst().orElse(null);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Drops and unlinks; whoever uses such a chunk keeps its mapping until it leaves. */
  int free(Predicate<OriginalFile> isFree) {
    List<OriginalFile> free;
    lock.readLock().lock();
    try {
      free = chunks.values().stream().filter(isFree).toList();
    } finally {
      lock.readLock().unlock();
    }
    int freed = 0;
    lock.writeLock().lock();
    try {
      for (OriginalFile chunk : free) {
        if (chunks.remove(chunk.id, chunk)) {
          chunk.leave();
          unlink(data(chunk.id));
          freed++;
        }
      }
    } finally {
      lock.writeLock().unlock();
    }
    return freed;
  }

  void unlinkAll(int count) {
    unlinkAll(directory, namespace, count);
  }

  /** Unlinks the chunks from 0 to the count, and the control file last. */
  static void unlinkAll(Path directory, String namespace, int count) {
    for (int id = 0; id != count; id++) {
      unlink(data(directory, namespace, id));
    }
    unlink(control(directory, namespace));
  }

  private static void unlink(Path path) {
    try {
      boolean _ = Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void close() {
    lock.writeLock().lock();
    try {
      chunks.values().forEach(OriginalFile::leave);
      chunks.clear();
    } finally {
      lock.writeLock().unlock();
    }
  }
}
