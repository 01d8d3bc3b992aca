package dev.pinnedstore.backend.shared;

import java.io.Serial;
import java.nio.file.Path;

/**
 * No cell of a store was free for longer than any operation takes: somebody wrote into the lock
 * file of its namespace.
 */
public final class CellsTakenException extends IllegalStateException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Creates it.
   *
   * @param lockFile the lock file's name
   * @param slot the store's slot in it
   */
  public CellsTakenException(Path lockFile, int slot) {
    super(
        lockFile
            + ": slot="
            + slot
            + ": none of its cells="
            + PeersLayout.CELLS
            + " came free; another program must have written there");
  }
}
