package dev.pinnedstore.store;

/** Segmented pages, with native access where it is granted. */
class SegmentedStoreContractTest extends StoreContract implements PackingContract {
  @Override
  PinnedStore openStore(StoreConfig config) {
    return PinnedStore.open(config);
  }
}
