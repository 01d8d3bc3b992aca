package dev.pinnedstore.store;

/** Chunks in files that processes share, in the process that created them. */
class SharedStoreContractTest extends StoreContract {
  @Override
  public long largestBlob() {
    return PAGE;
  }

  @Override
  PinnedStore openStore(StoreConfig config) {
    return PinnedStore.open(SharedStores.translate(config));
  }
}
