package dev.pinnedstore.backend.shared;

import dev.pinnedstore.os.LockBytes;
import dev.pinnedstore.os.Processes;
import dev.pinnedstore.os.SharedFileException;
import dev.pinnedstore.os.SharedFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Removes the files of namespaces that nobody uses any more; all of it inside the gate. */
final class CleanUp {
  private CleanUp() {}

  /** Removes what dead processes left; null when somebody is alive. */
  static @Nullable Removed run(Names names) throws NamespaceRefusedException, IOException {
    if (SharedFiles.list(names.directory(), names.prefix()).stream()
        .noneMatch(name -> names.isOwn(name) || name.equals(names.prefix() + "lock"))) {
      return new Removed(0, 0);
    }
    LockBytes lock = Gate.enter(names);
    try {
      if (isAlive(names, lock)) {
        return null;
      }
      Removed removed = removeAll(names);
      var _ = SharedFiles.delete(names.lock());
      return removed;
    } catch (SharedFileException e) {
      throw NamespaceRefusedException.of(names, e);
    } finally {
      try {
        removeUnused(names, lock);
      } finally {
        lock.unlock(PeersLayout.GATE);
        lock.close();
      }
    }
  }

  /** Removes every file of the namespace but its lock file, the control file first. */
  static Removed removeAll(Names names) throws IOException {
    int files = 0;
    long bytes = 0;
    if (SharedFiles.exists(names.control()) && SharedFiles.delete(names.control())) {
      files++;
      bytes += ControlLayout.BYTES;
      Steps.reached("remove.control");
    }
    for (String name : SharedFiles.list(names.directory(), names.prefix())) {
      if (names.isOwn(name)) {
        Path file = names.directory().resolve(name);
        long size = SharedFiles.lengthOrZero(file);
        if (remove(file)) {
          files++;
          bytes += size;
          Steps.reached("remove.file");
        }
      }
    }
    return new Removed(files, bytes);
  }

  private static boolean remove(Path file) throws IOException {
    try {
      return SharedFiles.delete(file);
    } catch (IOException e) {
      // Another user's is refused as such.
      var _ = SharedFiles.size(file);
      throw e;
    }
  }

  /** A lock file that was made for an attempt that failed would be the only one of its name. */
  static void removeUnused(Names names, LockBytes lock) throws IOException {
    if (lock.size() == 0 && lock.isCurrent()) {
      var _ = SharedFiles.delete(names.lock());
    }
  }

  /** Whether somebody uses a namespace, as far as this process can tell. */
  static boolean isAlive(Names names, LockBytes lock) throws IOException {
    if (lock.size() > 0 && Gate.anySlotHeld(lock)) {
      return true;
    }
    if (!SharedFiles.exists(names.control())) {
      return false;
    }
    byte[] bytes = SharedFiles.read(names.control(), ControlLayout.BYTES);
    ByteBuffer head = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    boolean isOriginal = bytes.length == ControlLayout.BYTES && !ControlLayout.isMadeHere(head);
    return isOriginal && Processes.anyMaps(names.control());
  }
}
