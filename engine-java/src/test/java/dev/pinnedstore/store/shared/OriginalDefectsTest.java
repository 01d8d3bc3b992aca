package dev.pinnedstore.store.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.BlobTooLargeException;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.Reservation;
import dev.pinnedstore.store.StoreFullException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What the original does wrong with blobs and chunks, two processes or one, and we do not. */
class OriginalDefectsTest extends SharedStoreFixture {

  @Test
  void acknowledgingTwiceDoesNotFreeTheNeighbour() {
    PinnedStore creator = open();
    PinnedStore attacher = attach();
    BlobHandle twice = creator.append(Bytes.of(1, 100));
    BlobHandle neighbour = creator.append(Bytes.of(2, 100));
    fillChunks(creator, 3, 2);

    assertThat(attacher.acknowledge(twice)).isTrue();
    assertThat(attacher.acknowledge(twice)).isFalse();
    assertThat(creator.acknowledge(twice)).isFalse();
    settle(creator, attacher);
    assertLive(creator, neighbour, 2);
    assertLive(attacher, neighbour, 2);
  }

  @Test
  void theTtlOfAChunkDoesNotKillItsFreshBlob() {
    PinnedStore store = open(config(backend()).ttl(Duration.ofHours(1)));
    store.append(Bytes.of(1, 100));
    clock.advance(Duration.ofMinutes(59));
    BlobHandle fresh = store.append(Bytes.of(2, 100));
    fillChunks(store, 3, 1);
    clock.advance(Duration.ofMinutes(2));
    maintain(store);

    assertLive(store, fresh, 2);
    clock.advance(Duration.ofMinutes(59));
    maintain(store);
    assertThat(store.resolve(fresh)).as("an hour after it was written").isNull();
  }

  @Test
  void cleanUpNeverTakesTheChunkThatWritersAreIn() throws Exception {
    PinnedStore writer = open();
    PinnedStore cleaner = attach();
    // So many to look at that the head moves on while it looks.
    List<BlobHandle> live = fillChunks(writer, -100, 100);
    live.forEach(handle -> assertThat(cleaner.resolve(handle)).isNotNull());
    AtomicBoolean done = new AtomicBoolean();
    CompletableFuture<Void> cleaning =
        CompletableFuture.runAsync(
            () -> {
              while (!done.get()) {
                cleaner.maintain();
              }
            });
    try {
      for (int i = 0; i < 10_000; i++) {
        // All of a chunk is acknowledged from its first blob on, and two more follow in it.
        BlobHandle handle = writer.append(Bytes.of(i, CAPACITY / 3));
        assertThat(cleaner.resolve(handle)).isEqualTo(Bytes.of(i, CAPACITY / 3));
        assertThat(writer.acknowledge(handle)).isTrue();
        clock.advance(DECAY);
      }
    } finally {
      done.set(true);
      cleaning.get();
    }
    assertLive(attach(), writer.append(Bytes.of(-1, 200)), -1);
    for (int i = 0; i < live.size(); i++) {
      assertLive(cleaner, live.get(i), i - 100);
    }
  }

  @Test
  void noChunkIsFreedWhileAWriterCopiesIntoIt() {
    PinnedStore writer = open(config(backend()).ttl(Duration.ofHours(1)));
    PinnedStore cleaner = attach(config(backend()).ttl(Duration.ofHours(1)));
    BlobHandle neighbour = writer.append(Bytes.of(1, 100));
    Reservation slow = files.opened(writer.reserve(100));
    slow.segment().copyFrom(MemorySegment.ofArray(Bytes.of(2, 100)));
    fillChunks(writer, 3, 1).forEach(writer::acknowledge);
    writer.acknowledge(neighbour);
    clock.advance(Duration.ofHours(2));
    settle(cleaner, writer);

    BlobHandle published = slow.publish();
    assertLive(writer, published, 2);
    assertLive(cleaner, published, 2);
  }

  @Test
  void maxChunksCountsLiveChunksBindsAttachersAndRecovers() {
    PinnedStore creator = open(config(backend().maxChunks(3)));
    PinnedStore attacher = attach();
    List<BlobHandle> live = new ArrayList<>(fillChunks(attacher, 0, 3));
    for (int i = 3; i < 20; i++) {
      for (PinnedStore store : List.of(creator, attacher)) {
        assertThatExceptionOfType(StoreFullException.class)
            .isThrownBy(() -> store.append(new byte[CAPACITY]))
            .returns(3L, StoreFullException::limitValue);
      }
      assertThat(creator.acknowledge(live.removeFirst())).isTrue();
      maintain(creator, attacher);
      live.addAll(fillChunks(i % 2 == 0 ? creator : attacher, i, 1));
      assertLive(creator, live.getLast(), i);
      assertLive(attacher, live.getFirst(), i - 2);
    }
  }

  @Test
  void losingTheRaceForTheNextChunkIsNotFull() {
    PinnedStore first = open(config(backend().maxChunks(2)));
    PinnedStore second = attach();
    byte[] blob = new byte[1990];
    for (int i = 0; i < 200; i++) {
      List<BlobHandle> live = new ArrayList<>();
      live.add(first.append(Bytes.of(i, 2100)));
      maintain(first, second);
      // Neither fits beside it, both fit in the one chunk that is left.
      live.addAll(Race.of(List.of(() -> first.append(blob), () -> second.append(blob))));
      live.forEach(handle -> assertThat(second.acknowledge(handle)).isTrue());
      maintain(first, second);
    }
  }

  @Test
  void whatOneProcessFreesEveryProcessGivesBack() throws Exception {
    PinnedStore creator = open();
    PinnedStore attacher = attach();
    List<BlobHandle> handles = fillChunks(creator, 0, 8);
    for (int i = 0; i < 8; i++) {
      assertLive(attacher, handles.get(i), i);
    }
    handles.forEach(creator::acknowledge);
    settle(creator, attacher);

    for (BlobHandle handle : handles) {
      assertThat(attacher.resolve(handle)).isNull();
      assertThat(attacher.acknowledge(handle)).isFalse();
    }
    assertThat(chunkFiles()).as("the head and a spare").hasSizeLessThanOrEqualTo(2);
    assertThat(mappings()).noneMatch(line -> line.contains("(deleted)"));
  }

  @Test
  void anyLifecycleReclaimsWhatOthersWrote() throws Exception {
    PinnedStore creator = open();
    PinnedStore attacher = attach();
    fillChunks(attacher, 0, 10).forEach(attacher::acknowledge);
    settle(creator);

    assertThat(chunkFiles()).as("the head and a spare").hasSizeLessThanOrEqualTo(2);
    assertLive(creator, attacher.append(Bytes.of(11, 100)), 11);
  }

  @Test
  void aCleanersOwnTtlDeletesNothingThatTheNamespaceKeeps() {
    PinnedStore creator = open();
    BlobHandle kept = fillChunks(creator, 0, 3).getFirst();
    PinnedStore cleaner = attach(config(backend()).ttl(Duration.ofMillis(1)));
    settle(cleaner);

    assertLive(creator, kept, 0);
    assertLive(attach(), kept, 0);
  }

  @Test
  void decayCountsFromTheLastAcknowledgement() throws Exception {
    PinnedStore store = open();
    List<BlobHandle> late = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      BlobHandle early = store.append(Bytes.of(i, 100));
      assertThat(store.acknowledge(early)).as("all of the chunk, so far").isTrue();
      late.add(store.append(Bytes.of(-i, CAPACITY - 100)));
    }
    store.append(Bytes.of(7, 100));
    int chunks = chunkFiles().size();
    clock.advance(DECAY.multipliedBy(2));
    late.forEach(store::acknowledge);
    clock.advance(DECAY.dividedBy(2));
    maintain(store);
    assertThat(chunkFiles()).as("before the decay time").hasSizeGreaterThanOrEqualTo(chunks);

    settle(store);
    assertThat(chunkFiles()).as("the head and a spare").hasSizeLessThanOrEqualTo(2);
  }

  @Test
  void whatIsNeverPublishedDoesNotKeepItsChunk() throws Exception {
    PinnedStore store = open();
    for (int i = 0; i < 6; i++) {
      try (Reservation abandoned = store.reserve(CAPACITY)) {
        assertThat(abandoned.sizeBytes()).isEqualTo(CAPACITY);
      }
    }
    settle(store);

    assertThat(chunkFiles()).as("the head and a spare").hasSizeLessThanOrEqualTo(2);
  }

  @Test
  void noDescriptorIsKeptForAChunk() throws Exception {
    PinnedStore creator = open();
    PinnedStore attacher = attach();
    List<BlobHandle> handles = fillChunks(creator, 0, 50);
    for (int i = 0; i < handles.size(); i++) {
      assertLive(attacher, handles.get(i), i);
    }

    assertThat(openChunks()).isLessThan(4);
  }

  @Test
  void aNamespaceHasOneSpareHoweverManyProcessesItHas() throws Exception {
    // Time that stands still, as a lifecycle makes chunks ahead of a writer that is fast.
    long now = System.nanoTime();
    PinnedStore creator = open(config(backend()).clock(() -> now));
    PinnedStore[] all = new PinnedStore[5];
    all[0] = creator;
    for (int i = 1; i < all.length; i++) {
      all[i] = attach(config(Backend.shared(namespace)).clock(() -> now));
    }
    creator.append(Bytes.of(1, CAPACITY * 9 / 10));
    maintain(all);
    for (PinnedStore store : all) {
      store.append(Bytes.of(2, 10));
      maintain(all);
    }

    assertThat(chunkFiles()).containsExactly("data_0", "data_1");
  }

  @Test
  void memoryIsUsedAgainWhereItLies() throws Exception {
    PinnedStore creator = open();
    PinnedStore attacher = attach();
    Set<Integer> pages = new HashSet<>();
    Set<Long> incarnations = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      BlobHandle handle = fillChunks(creator, i, 1).getFirst();
      assertThat(incarnations.add(((long) handle.pageId() << 32) + handle.generation()))
          .as("a generation is given once: %s", handle)
          .isTrue();
      pages.add(handle.pageId());
      assertLive(attacher, handle, i);
      attacher.acknowledge(handle);
      maintain(creator, attacher);
    }

    assertThat(pages).as("pages of 100 chunks full").hasSizeLessThan(10);
    assertThat(chunkFiles()).hasSizeLessThan(10);
  }

  @Test
  void aBlobLargerThanAChunkIsRefusedAndTheLimitNamed() {
    PinnedStore store = open();

    assertThatExceptionOfType(BlobTooLargeException.class)
        .isThrownBy(() -> store.append(new byte[CAPACITY + 1]))
        .returns((long) CAPACITY, BlobTooLargeException::maxBytes)
        .withMessageContaining("" + CAPACITY);
    assertLive(store, store.append(Bytes.of(1, CAPACITY)), 1);
  }

  @Test
  void aViewOfAnotherProcessCopiesNothingAndShowsItsOwnBytesToTheEnd() {
    PinnedStore writer = open();
    PinnedStore reader = attach();
    BlobHandle handle = fillChunks(writer, 0, 1).getFirst();
    MemorySegment view = reader.view(handle);
    assertThat(view.isNative()).isTrue();
    assertThat(view.isReadOnly()).isTrue();
    assertThat(reader.view(handle).address()).isEqualTo(view.address());

    writer.acknowledge(handle);
    MemorySegment own = MemorySegment.ofArray(Bytes.of(0, CAPACITY));
    for (int i = 1; i < 20; i++) {
      // The reader gives nothing up: it runs no cycle.
      fillChunks(writer, i, 1).forEach(writer::acknowledge);
      clock.advance(DECAY.dividedBy(4));
      writer.maintain();
      assertThat(view.mismatch(own)).as("first foreign byte, round %s", i).isEqualTo(-1);
    }
    settle(reader, writer);
    if (view.scope().isAlive()) {
      assertThat(view.mismatch(own)).as("first foreign byte after its release").isEqualTo(-1);
    } else {
      assertThatIllegalStateException().isThrownBy(() -> view.mismatch(own));
    }
  }
}
