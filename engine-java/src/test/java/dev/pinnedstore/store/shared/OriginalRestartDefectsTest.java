package dev.pinnedstore.store.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.pinnedstore.store.BackingLostException;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.InvalidHandleException;
import dev.pinnedstore.store.NamespaceException;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.PinnedStoreException;
import dev.pinnedstore.store.StoreConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the original does wrong with names, starts and ends, and we do not. */
class OriginalRestartDefectsTest extends SharedStoreFixture {

  @ParameterizedTest(name = "killed: {0}")
  @ValueSource(booleans = {false, true})
  void handlesOfAnOldRunNeverReadTheNewOne(boolean killed) throws Exception {
    PinnedStore old = open();
    List<BlobHandle> before = fillChunks(old, 0, 4);
    before.add(old.append(Bytes.of(4, 100)));
    if (killed) {
      crash();
    } else {
      files.closeAll();
    }

    PinnedStore restarted = open();
    List<BlobHandle> after = fillChunks(restarted, 10, 4);
    after.add(restarted.append(Bytes.of(14, 100)));
    for (int i = 0; i < before.size(); i++) {
      assertNeverForeign(restarted, before.get(i), i);
    }
    before.forEach(handle -> acknowledgeOrRefuse(restarted, handle));
    settle(restarted);
    for (int i = 0; i < after.size(); i++) {
      assertLive(restarted, after.get(i), 10 + i);
    }
  }

  private static void assertNeverForeign(PinnedStore store, BlobHandle handle, int number) {
    byte[] bytes = resolveOrNull(store, handle);
    if (bytes != null) {
      assertThat(bytes).as("%s", handle).isEqualTo(Bytes.of(number, (int) handle.sizeBytes()));
    }
  }

  private static void acknowledgeOrRefuse(PinnedStore store, BlobHandle handle) {
    try {
      boolean _ = store.acknowledge(handle);
    } catch (InvalidHandleException e) {
      assertThat(e.handle()).isEqualTo(handle);
    }
  }

  @Test
  void noFileOfADeadRunIsLeftOrRead() throws Exception {
    PinnedStore dead = open();
    fillChunks(dead, 0, 6);
    crash();
    SharedFiles.write(namespace, "data_1000", SharedFiles.read(namespace, "data_5"));
    int generation = SharedFiles.header(namespace, 1000).generation();

    PinnedStore restarted = open();
    BlobHandle forged = new BlobHandle(1000, 0, CAPACITY, generation, System.currentTimeMillis());
    assertThat(resolveOrNull(restarted, forged)).isNull();
    restarted.close();
    assertThat(SharedFiles.names(namespace)).isEmpty();
  }

  @Test
  void creatingALiveNamespaceIsRefusedAndHurtsNobody() throws Exception {
    PinnedStore creator = open();
    BlobHandle handle = creator.append(Bytes.of(1, 100));
    OriginalLayout.Control before = SharedFiles.control(namespace);

    assertThatExceptionOfType(NamespaceException.class)
        .isThrownBy(this::open)
        .returns(NamespaceException.Reason.IN_USE, NamespaceException::reason)
        .withMessageContaining(namespace);
    assertThat(SharedFiles.control(namespace)).isEqualTo(before);
    assertLive(creator, handle, 1);
    PinnedStore attacher = attach();
    creator.close();
    assertThatExceptionOfType(NamespaceException.class)
        .as("while an attacher lives")
        .isThrownBy(this::open)
        .returns(NamespaceException.Reason.IN_USE, NamespaceException::reason);
    assertLive(attacher, handle, 1);
  }

  @Test
  void attachingToNothingSaysSo() {
    assertThatExceptionOfType(NamespaceException.class)
        .isThrownBy(this::attach)
        .returns(NamespaceException.Reason.MISSING, NamespaceException::reason)
        .withMessageContaining(namespace);
  }

  @Test
  void tenWhoOpenOrAttachAtOnceShareOneNamespace() {
    StoreConfig config = config(backend()).build();
    for (int round = 0; round < 10; round++) {
      Callable<PinnedStore> call = () -> PinnedStore.openOrAttach(config);
      List<PinnedStore> stores = Race.of(Collections.nCopies(10, call));
      List<BlobHandle> handles = new ArrayList<>();
      for (int i = 0; i < stores.size(); i++) {
        handles.add(stores.get(i).append(Bytes.of(i, 100)));
      }
      for (PinnedStore store : stores) {
        for (int i = 0; i < handles.size(); i++) {
          assertLive(store, handles.get(i), i);
        }
      }
      stores.forEach(PinnedStore::close);
    }
  }

  @Test
  void aSurvivorOfAnOldRunTouchesNothingOfTheNewOne() throws Exception {
    PinnedStore first = open();
    PinnedStore survivor = attach();
    List<BlobHandle> old = fillChunks(first, 0, 3);
    // Somebody wipes shared memory by hand.
    SharedFiles.remove(namespace);
    PinnedStore fresh = open();
    List<BlobHandle> live = fillChunks(fresh, 10, 3);

    for (PinnedStore of : List.of(survivor, first)) {
      attempt(() -> fillChunks(of, 20, 10).forEach(of::acknowledge));
      attempt(() -> old.forEach(of::acknowledge));
      attempt(() -> settle(of));
      of.close();
    }
    for (int i = 0; i < live.size(); i++) {
      assertLive(fresh, live.get(i), 10 + i);
      assertLive(attach(), live.get(i), 10 + i);
      assertThat(resolveOrNull(fresh, old.get(i))).isNull();
    }
    assertLive(fresh, fillChunks(fresh, 30, 5).getLast(), 34);
  }

  @Test
  void aSurvivorOfAnOldRunLeavesAloneWhatTheNewOneIsJustMaking() throws Exception {
    PinnedStore survivor = open();
    var _ = fillChunks(survivor, 0, 1);
    SharedFiles.remove(namespace);
    var _ = open();
    SharedFiles.write(namespace, "making_0", new byte[100]);
    assertThatExceptionOfType(BackingLostException.class)
        .isThrownBy(() -> fillChunks(survivor, 1, 2));
    assertThat(SharedFiles.exists(namespace, "making_0")).isTrue();
  }

  /** What a survivor may also be told. */
  private static void attempt(Runnable call) {
    try {
      call.run();
    } catch (PinnedStoreException e) {
      assertThat(e).hasMessageMatching("(?s).+");
    }
  }

  @Test
  void theCreatorsEndLeavesAttachersWorkingAndTheLastOneCleansUp() throws Exception {
    PinnedStore creator = open();
    PinnedStore attacher = attach();
    BlobHandle before = creator.append(Bytes.of(1, 100));
    creator.close();
    BlobHandle after = fillChunks(attacher, 2, 3).getLast();

    PinnedStore late = attach();
    assertLive(late, before, 1);
    assertLive(late, after, 4);
    attacher.close();
    assertLive(late, after, 4);
    assertLive(late, fillChunks(late, 5, 3).getLast(), 7);
    late.close();
    assertThat(SharedFiles.names(namespace)).isEmpty();
  }

  @Test
  void aNamespaceWhoseProcessesAllDiedIsTakenOver() throws Exception {
    PinnedStore dead = open();
    List<BlobHandle> old = fillChunks(dead, 0, 3);
    attach().append(Bytes.of(3, 100));
    crash();

    PinnedStore heir = files.opened(PinnedStore.openOrAttach(config(backend()).build()));
    for (int i = 0; i < old.size(); i++) {
      assertNeverForeign(heir, old.get(i), i);
    }
    assertLive(heir, fillChunks(heir, 10, 3).getLast(), 12);
    assertLive(attach(), heir.append(Bytes.of(13, 100)), 13);
    files.closeAll();
    assertThat(SharedFiles.names(namespace)).isEmpty();
  }

  @Test
  void cleaningUpRemovesADeadNamespaceAndLeavesALiveOneAlone() throws Exception {
    PinnedStore store = open();
    BlobHandle handle = fillChunks(store, 0, 3).getFirst();
    List<String> before = SharedFiles.names(namespace);
    try {
      var _ = PinnedStore.cleanupNamespace(namespace);
    } catch (NamespaceException e) {
      assertThat(e.reason()).isEqualTo(NamespaceException.Reason.IN_USE);
    }
    assertThat(SharedFiles.names(namespace)).isEqualTo(before);
    assertLive(store, handle, 0);

    crash();
    var _ = PinnedStore.cleanupNamespace(namespace);
    assertThat(SharedFiles.names(namespace)).isEmpty();
  }

  @Test
  void cleaningUpDoesNotCountToAForgedNumberOfChunks() throws Exception {
    fillChunks(open(), 0, 3);
    crash();
    SharedFiles.patch(namespace, "ctrl", OriginalLayout.CHUNK_COUNT, -1);
    SharedFiles.patch(namespace, "ctrl", OriginalLayout.CONTROL_GENERATION, -1);

    var _ = PinnedStore.cleanupNamespace(namespace);
    assertThat(SharedFiles.names(namespace)).isEmpty();
  }

  @Test
  void cleaningUpFindsChunksThatLostTheirControlFile() throws Exception {
    SharedFiles.write(namespace, "data_1", new byte[CHUNK]);
    SharedFiles.write(namespace, "data_70000", new byte[CHUNK]);

    var _ = PinnedStore.cleanupNamespace(namespace);
    assertThat(SharedFiles.names(namespace)).isEmpty();
  }
}
