package dev.pinnedstore.store.shared;

import dev.pinnedstore.store.BlobHandle;
import org.jspecify.annotations.Nullable;

/** A process slot of a namespace: the original's or ours, in this JVM or in a child. */
interface Peer extends AutoCloseable {

  /** Appends; a refusal is the peer's own exception, or of a child a {@link Refused}. */
  BlobHandle append(byte[] blob);

  /** Copies out, without a TTL; null when the blob is gone or was never there. */
  byte @Nullable [] resolve(BlobHandle handle);

  /** What the peer answers to an acknowledgement. */
  boolean acknowledge(BlobHandle handle);

  /**
   * Cleans up: frees what is consumed and has been so for the decay time.
   *
   * @return how many chunks were freed
   */
  int cleanup(long ttlMillis, long decayMillis);

  @Override
  void close();

  /** What a child answered instead of a result. */
  final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refused(String answer) {
      super(answer);
    }
  }
}
