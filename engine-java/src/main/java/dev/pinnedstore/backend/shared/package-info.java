/**
 * The backend of chunks in files that processes share, in the format of the Rust original, version
 * 1.
 *
 * <pre>
 *  SharedBackend   the data path: append, view, resolve, acknowledge
 *   +- Namespace   the files of a namespace: create, attach, leave, clean up
 *   +- Peers       what stores tell each other: cells, leases, windows, the chunk table
 *   +- Chunks      the chunks that this store has mapped
 *   +- Records     which blobs begin where, and which are acknowledged
 *   +- ChunkMaker  makes chunks
 *   +- Keeper      seals, recycles, expires, gives back, recovers
 * </pre>
 *
 * <p>The formats: {@link dev.pinnedstore.backend.shared.ControlLayout}, {@link
 * dev.pinnedstore.backend.shared.ChunkLayout}, {@link dev.pinnedstore.backend.shared.RecordLayout},
 * {@link dev.pinnedstore.backend.shared.PeersLayout}. The protocols: of an append and an
 * acknowledgement at {@link dev.pinnedstore.backend.shared.SharedBackend}, of a chunk's life at
 * {@link dev.pinnedstore.backend.shared.Keeper}, of joining and leaving at {@link
 * dev.pinnedstore.backend.shared.Namespace}.
 */
@NullMarked
package dev.pinnedstore.backend.shared;

import org.jspecify.annotations.NullMarked;
