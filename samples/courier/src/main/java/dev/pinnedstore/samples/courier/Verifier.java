package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.PinnedStoreException;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;

/**
 * A consumer: views each blob in place, compares its checksum with that of the file's piece, and
 * acknowledges it. For one thread; there may be several.
 */
final class Verifier {
  private final PinnedStore store;
  private final HandleRing ring;
  private final PieceChecksum checksum;
  private final Receipts receipts;
  private final FileList files;
  private final Screen screen;

  Verifier(
      PinnedStore store,
      HandleRing ring,
      PieceChecksum checksum,
      Receipts receipts,
      FileList files,
      Screen screen) {
    this.store = store;
    this.ring = ring;
    this.checksum = checksum;
    this.receipts = receipts;
    this.files = files;
    this.screen = screen;
  }

  /** Consumes until the ring ends. */
  void consume() {
    for (long slot = ring.take(); slot != HandleRing.END; slot = ring.take()) {
      try {
        verify(slot);
      } catch (PinnedStoreException e) {
        complain(slot, e.toString());
      }
      ring.release(slot);
    }
  }

  private void verify(long slot) {
    MemorySegment blob = store.view(ring.slots(), HandleRing.handleAt(slot));
    int actual = checksum.of(blob.asByteBuffer());
    boolean first = store.acknowledge(ring.slots(), HandleRing.handleAt(slot));
    if (first) {
      receipts.acknowledged(blob.byteSize());
    }
    if (actual != ring.checksum(slot)) {
      complain(slot, "CRC32C is " + hex(actual) + ", expected " + hex(ring.checksum(slot)));
    } else if (!first) {
      complain(slot, "was acknowledged before");
    } else {
      receipts.verified(ring.file(slot), blob.byteSize());
    }
  }

  private void complain(long slot, String what) {
    screen.problem(
        files.files().get(ring.file(slot)) + ", piece " + ring.piece(slot) + ": " + what);
  }

  private static String hex(int value) {
    return HexFormat.of().toHexDigits(value);
  }
}
