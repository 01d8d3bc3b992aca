package dev.pinnedstore.backend.shared;

/**
 * What a namespace is created with, and what a store joins it with; checked by the facade's
 * configuration. All but the names, the decay and the time are the creator's.
 *
 * @param names the files
 * @param chunkBytes bytes of a chunk file, 65 to 2^32 - 1
 * @param maxChunks chunks that may be alive at a time
 * @param maxBytes bytes that they may have at a time
 * @param ttlMillis milliseconds after which a chunk's newest blob expires, 0 for never
 * @param decayMillis milliseconds that an empty chunk waits for those who have views of it
 * @param monotonicMillis the time on the clock that all processes share
 */
public record SharedSettings(
    Names names,
    long chunkBytes,
    long maxChunks,
    long maxBytes,
    long ttlMillis,
    long decayMillis,
    long monotonicMillis) {

  /** How many chunks may be alive by whichever limit is the lowest. */
  long limit() {
    return Math.min(PeersLayout.CHUNKS, Math.min(maxChunks, maxBytes / chunkBytes));
  }
}
