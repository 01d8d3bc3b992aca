package dev.pinnedstore.backend.shared;

import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MappingLostException;
import dev.pinnedstore.os.SharedFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * Makes chunks, for the lifecycle and for a writer that finds none ready. No lock between
 * processes: a place is claimed in the chunk table, so the limit holds for all of them together,
 * then an id by the control file's counter, as the original does. Killed in the middle, the claim
 * names the slot, and whoever recovers the slot frees it or finishes what was linked already.
 */
final class ChunkMaker {
  private final Namespace namespace;
  private final Peers peers;
  private final Chunks chunks;
  private boolean shut;

  ChunkMaker(Namespace namespace, Chunks chunks) {
    this.namespace = namespace;
    this.peers = namespace.peers;
    this.chunks = chunks;
  }

  /**
   * Makes a chunk that is ready to be written.
   *
   * @param now shared monotonic milliseconds
   * @return null when as many are alive as may be
   */
  synchronized @Nullable Chunk make(long now) throws MappingFailedException {
    if (shut) {
      return null;
    }
    int slot = peers.slot;
    int index = peers.claim(namespace.limit(), PeersLayout.chunkWord(PeersLayout.CLAIMED, slot, 0));
    if (index < 0) {
      return null;
    }
    Steps.reached("make.claimed");
    boolean made = false;
    int id = -1;
    try {
      if (!namespace.isCurrent()) {
        throw new MappingLostException(
            namespace.names.control() + ": was removed or replaced by another");
      }
      // First, as an id is never given back.
      ChunkFiles.checkRoom(namespace.names, namespace.chunkBytes);
      id = nextId();
      Steps.reached("make.counted");
      peers.setEntry(index, PeersLayout.chunkWord(PeersLayout.MAKING, slot, id));
      Steps.reached("make.named");
      int generation = ControlLayout.nextGeneration(namespace.control());
      byte[] header = ChunkLayout.created(generation, now, namespace.incarnation);
      ChunkFiles.make(namespace.names, slot, id, namespace.chunkBytes, header);
      peers.setEntry(index, PeersLayout.chunkWord(PeersLayout.ALIVE, 0, id));
      made = true;
      Steps.reached("make.alive");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      if (!made) {
        undo(index, id);
      }
    }
    peers.count(PeersLayout.MADE_AT);
    Chunk chunk = chunks.findOrMap(id);
    if (chunk != null) {
      chunks.touch(chunk);
    }
    return chunk;
  }

  /** Makes no more; waits for the one that is being made. */
  synchronized void shut() {
    shut = true;
  }

  /** By name only what is of this run: the next one may be making a file of the same name. */
  private void undo(int index, int id) {
    try {
      if (namespace.isCurrent()) {
        if (id >= 0) {
          var _ = SharedFiles.delete(namespace.names.records(id));
        }
        var _ = SharedFiles.delete(namespace.names.making(peers.slot));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      peers.free(index);
    }
  }

  private int nextId() throws IOException {
    while (true) {
      int count = ControlLayout.chunkCount(namespace.control());
      if (count < 0 || count == Integer.MAX_VALUE) {
        throw new IOException(
            "chunk count=" + Integer.toUnsignedString(count) + ": ids are used up");
      }
      if (ControlLayout.raiseChunkCount(namespace.control(), count)) {
        return count;
      }
    }
  }
}
