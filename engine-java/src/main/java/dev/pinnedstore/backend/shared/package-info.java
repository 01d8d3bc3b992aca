/**
 * The backend of chunks in files that processes share, in the format of the Rust original, version
 * 1.
 *
 * <pre>
 *  SharedBackend   what the store calls; the protocol of an append and an acknowledgement
 *   +- WriteHead   reserves bytes
 *   |   +- Supply  chunks that are ready, or may be made
 *   |       +- ChunkMaker  makes them, of ChunkFiles
 *   +- Blobs       publishes, reads and acknowledges what was reserved
 *   |   +- Handles  says what a handle is
 *   |   +- Records  which blobs begin where, and which are acknowledged
 *   |   +- Expiry   when blobs expire
 *   +- Views       opens views and lets them die
 *   +- Keeper      the protocol of a chunk's life: seals, recycles, expires, gives back
 *   |   +- ChunkLife    its steps
 *   |   +- AliveChunks  a walk over the chunks
 *   |   +- Recovery     puts in order what the dead left
 *   |   +- KeeperLock   one at a time
 *   +- Chunks      the chunks that this store has mapped
 *   +- Namespace   the protocol of joining and leaving
 *       +- Gate         one at a time
 *       +- ControlFile  checks what is joined
 *       +- CleanUp      removes files
 *       +- Peers        what stores tell each other: slots, leases, windows, the chunk table
 *           +- Cells    what each is doing right now
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
