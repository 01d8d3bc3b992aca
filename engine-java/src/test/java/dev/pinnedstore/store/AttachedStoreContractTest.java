package dev.pinnedstore.store;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** Chunks in files that processes share, by a store that joined what another created. */
class AttachedStoreContractTest extends SharedStoreContractTest {
  private final List<PinnedStore> creators = new ArrayList<>();

  @Override
  PinnedStore openStore(StoreConfig config) {
    StoreConfig shared = SharedStores.translate(config);
    creators.add(PinnedStore.open(shared));
    String namespace = ((Backend.Shared) shared.backend()).namespace();
    return PinnedStore.attach(namespace, shared);
  }

  @AfterEach
  void closeCreators() {
    creators.forEach(PinnedStore::close);
  }
}
