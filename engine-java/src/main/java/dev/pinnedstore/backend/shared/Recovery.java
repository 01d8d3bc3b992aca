package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.BackendEvents;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.SharedFiles;
import java.io.IOException;
import java.util.OptionalInt;

/**
 * Puts in order what processes left that died, and gives chunks of originals an entry in the chunk
 * table; each by who has the keeper's lock.
 */
final class Recovery {
  private final Namespace namespace;
  private final Peers peers;
  private final Chunks chunks;
  private final AliveChunks alive;
  private final BackendEvents events;
  private int adoptedCount;

  /** Whether an id was taken whose file was not there yet, or not whole. */
  private boolean adoptsMore;

  Recovery(Namespace namespace, Chunks chunks, AliveChunks alive, BackendEvents events) {
    this.namespace = namespace;
    this.peers = namespace.peers;
    this.chunks = chunks;
    this.alive = alive;
    this.events = events;
  }

  // ---- the dead

  /** Looks for slots whose owner died, and empties them. */
  void recoverDead() throws IOException, MappingFailedException {
    for (int slot = 0; slot < PeersLayout.SLOTS; slot++) {
      if (slot != peers.slot && peers.isTaken(slot) && namespace.tryLockSlot(slot)) {
        try {
          // Again: it may have left in good order since.
          if (peers.isTaken(slot) && recover(slot)) {
            peers.release(slot);
            Steps.reached("recover.released");
            events.ownerRecovered();
          }
        } finally {
          namespace.unlockSlot(slot);
        }
      }
    }
  }

  /** False when it is for another store to do, as this one closes. */
  boolean recover(int slot) throws IOException, MappingFailedException {
    for (int cell = 0; cell < PeersLayout.CELLS; cell++) {
      long named = peers.cells.named(slot, cell);
      Chunk chunk = named == 0 ? null : chunks.findOrMap((int) named);
      if (chunk != null && !chunk.lost) {
        long range = peers.cells.range(slot, cell);
        var _ = AliveChunks.visited((_, found) -> recoverCell(found, range), chunk.index, chunk);
      } else if (chunk == null && named != 0 && chunks.isClosed()) {
        return false;
      }
    }
    Steps.reached("recover.cells");
    // The dead may also have marked a blob acknowledged without counting that.
    var _ =
        alive.each(
            (_, chunk) -> {
              if (!chunk.isReady()) {
                ChunkLayout.raise(chunk.base, ChunkLayout.SUSPECT);
              }
              return 0;
            });
    Steps.reached("recover.suspects");
    peers.cells.clear(slot);
    Steps.reached("recover.cleared");
    peers.takeBack(slot);
    Steps.reached("recover.leases");
    for (int i = 0; i < peers.tableEnd(); i++) {
      long word = peers.entry(i);
      if (PeersLayout.slot(word) == slot && PeersLayout.state(word) == PeersLayout.CLAIMED) {
        peers.free(i);
      } else if (PeersLayout.slot(word) == slot && PeersLayout.state(word) == PeersLayout.MAKING) {
        finish(i, PeersLayout.id(word));
      }
    }
    var _ = SharedFiles.delete(namespace.names.making(slot));
    var _ = SharedFiles.delete(namespace.names.makingRecords(slot));
    Steps.reached("recover.files");
    return true;
  }

  private static int recoverCell(Chunk chunk, long range) {
    ChunkLayout.raise(chunk.base, ChunkLayout.SUSPECT);
    long offset = range >>> 32;
    long size = range & 0xFFFF_FFFFL;
    if (size > 0 && offset + size <= chunk.used()) {
      var _ = Records.revoke(chunk, offset, size, chunk.generation());
      Steps.reached("recover.revoked");
    }
    return 0;
  }

  private void finish(int index, int id) throws IOException {
    if (SharedFiles.exists(namespace.names.data(id))) {
      peers.setEntry(index, PeersLayout.chunkWord(PeersLayout.ALIVE, 0, id));
    } else {
      alive.forget(index, id);
    }
  }

  // ---- strangers

  void adoptAll(boolean again) throws IOException, MappingFailedException {
    int count = ControlLayout.chunkCount(namespace.control());
    if (count == adoptedCount && !(again && adoptsMore)) {
      return;
    }
    adoptedCount = count;
    boolean adoptsAll = peers.isKnown(count - 1);
    for (String name : SharedFiles.list(namespace.names.directory(), namespace.names.prefix())) {
      OptionalInt id = namespace.names.chunkOf(name);
      if (id.isPresent() && Integer.compareUnsigned(id.getAsInt(), count) < 0) {
        adoptsAll &= adoptOne(id.getAsInt());
      }
    }
    adoptsMore = !adoptsAll;
  }

  /** False when it cannot be mapped, as it is while an original makes it, or the table is full. */
  boolean adoptOne(int id) throws MappingFailedException {
    if (peers.isKnown(id)) {
      return true;
    }
    if (chunks.findOrMap(id) == null) {
      return false;
    }
    long word = PeersLayout.chunkWord(PeersLayout.ALIVE, 0, id);
    int index = peers.claim(PeersLayout.CHUNKS, word);
    Steps.reached("adopt.claimed");
    return index >= 0;
  }
}
