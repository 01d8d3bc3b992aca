package dev.pinnedstore.backend.shared;

import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MappingLostException;
import dev.pinnedstore.os.SharedFiles;
import java.io.IOException;

/** Walks the chunks that the chunk table says are alive, for a keeper. */
final class AliveChunks {
  private final Namespace namespace;
  private final Peers peers;
  private final Chunks chunks;

  AliveChunks(Namespace namespace, Chunks chunks) {
    this.namespace = namespace;
    this.peers = namespace.peers;
    this.chunks = chunks;
  }

  /** What is done with each; answers with a count. */
  interface Visit {
    int visit(int index, Chunk chunk) throws IOException, MappingFailedException;
  }

  /** Visits every chunk that is alive and not lost, and adds up the answers. */
  int each(Visit visit) throws IOException, MappingFailedException {
    int sum = 0;
    for (int i = 0; i < peers.tableEnd(); i++) {
      long word = peers.entry(i);
      if (PeersLayout.state(word) != PeersLayout.ALIVE) {
        continue;
      }
      Chunk chunk = chunks.findOrMap(PeersLayout.id(word));
      if (chunk == null) {
        // What is there and no chunk may be one that an original just makes.
        int id = PeersLayout.id(word);
        if (chunks.isGone(id) && !SharedFiles.exists(namespace.names.data(id))) {
          forget(i, id);
        }
      } else {
        if (chunk.index < 0) {
          chunk.index = i;
        }
        sum += chunk.lost ? 0 : visited(visit, i, chunk);
      }
    }
    return sum;
  }

  /** Visits one; what an access to it tells about its file is noted there. */
  static int visited(Visit visit, int index, Chunk chunk)
      throws IOException, MappingFailedException {
    try {
      return visit.visit(index, chunk);
    } catch (MappingLostException e) {
      throw e;
    } catch (IllegalStateException e) {
      // Another thread of this store has unmapped it: it is gone.
      return 0;
    } catch (InternalError e) {
      // Its readers are told; the other chunks are kept all the same.
      var _ = chunk.lose(e);
      return 0;
    }
  }

  /** An original removed the file, or a keeper died while it did. */
  void forget(int index, int id) throws IOException {
    if (isInUse(index, id)) {
      return;
    }
    var _ = SharedFiles.delete(namespace.names.data(id));
    var _ = SharedFiles.delete(namespace.names.records(id));
    peers.free(index);
  }

  /**
   * Whether a store is at work in a chunk. The cells first: who writes in place notes its window
   * before it leaves its cell. Who has ended between the two looks has counted its blob.
   */
  boolean isInUse(int index, int id) {
    return peers.cells.isEntered(id) || peers.windows(index) != 0;
  }
}
