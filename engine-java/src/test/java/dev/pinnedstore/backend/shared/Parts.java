package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.BackendEvents;
import dev.pinnedstore.backend.CoarseClock;
import dev.pinnedstore.backend.ViewGroups;
import java.io.IOException;
import java.nio.file.Path;

/** The parts of a store in a namespace of small chunks, put together as the backend does it. */
final class Parts implements AutoCloseable {
  static final int CHUNK = 4096;
  private static final CoarseClock CLOCK =
      new CoarseClock(System::nanoTime, System.currentTimeMillis());

  final Namespace namespace;
  final Peers peers;
  final Chunks chunks;
  final Keeper keeper;
  final ChunkLife life;
  final WriteHead head;
  final Blobs blobs;

  private Parts(Namespace namespace) {
    BackendEvents events = new Silence();
    ViewGroups groups = new ViewGroups(1 << 20);
    this.namespace = namespace;
    this.peers = namespace.peers;
    this.chunks = new Chunks(namespace, groups);
    Expiry expiry = new Expiry(CLOCK, namespace.ttlMillis());
    this.keeper = new Keeper(namespace, chunks, events, 1);
    this.life = new ChunkLife(namespace, new AliveChunks(namespace, chunks), events, 1);
    Views views = new Views(chunks, keeper, groups, CLOCK);
    Supply supply = new Supply(namespace, chunks, expiry, CLOCK, events);
    this.head = new WriteHead(namespace, supply, keeper, views, expiry);
    Handles handles = new Handles(namespace, expiry);
    this.blobs = new Blobs(namespace, chunks, handles, expiry, head, views, CLOCK, events);
  }

  static Parts create(Path directory) throws Exception {
    return new Parts(Namespace.create(settings(directory)));
  }

  static Parts attach(Path directory) throws Exception {
    return new Parts(Namespace.attach(settings(directory)));
  }

  private static SharedSettings settings(Path directory) {
    Names names = new Names(directory, "parts");
    return new SharedSettings(names, CHUNK, 8, 8 * CHUNK, 0, 1, Expiry.sharedMillis(CLOCK));
  }

  static long millis() {
    return CLOCK.exactMillis();
  }

  static long sharedMillis() {
    return Expiry.sharedMillis(CLOCK);
  }

  @Override
  public void close() throws IOException {
    boolean _ = chunks.close();
    namespace.leave();
  }

  private static final class Silence implements BackendEvents {
    @Override
    public void pageMade(int pageId, long bytes, long nanos) {}

    @Override
    public void stalled(int pageId, long bytes, long nanos) {}

    @Override
    public void pageEmptied(int pageId, long bytes) {}

    @Override
    public void roomMayCome(long bytes) {}

    @Override
    public void pageReused(int pageId, long bytes) {}

    @Override
    public void pageGivenBack(int pageId, long bytes) {}

    @Override
    public void pageExpired(int pageId, long bytes) {}

    @Override
    public void ownerRecovered() {}
  }
}
