package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.store.StoreFullException.Limit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;

/** Chunks in files that processes share, in the process that created them. */
class SharedStoreContractTest extends StoreContract {
  @BeforeEach
  void nothingWasLeft() {
    // A store that closes while a system call has a view of it leaves a little later.
    Waiting.until("the last test's files are gone", () -> SharedStores.files().isEmpty());
  }

  @AfterAll
  static void nothingIsLeft() {
    assertThat(SharedStores.files()).isEmpty();
  }

  @Override
  public long largestBlob() {
    return PAGE;
  }

  @Override
  public Limit pageLimit() {
    return Limit.MAX_CHUNKS;
  }

  @Override
  public int pageLimitOf(PinnedStore store) {
    return (int) ((Backend.Shared) store.config().backend()).maxChunks();
  }

  @Override
  public boolean isTakenFromViewers() {
    return true;
  }

  @Override
  PinnedStore openStore(StoreConfig config) {
    return PinnedStore.open(SharedStores.translate(config));
  }
}
