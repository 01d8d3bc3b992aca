package dev.pinnedstore.store;

import dev.pinnedstore.os.NativeTier;

/** Segmented pages without a native call, whatever is granted. */
class SegmentedDeniedTierContractTest extends StoreContract implements PackingContract {
  @Override
  PinnedStore openStore(StoreConfig config) {
    return PinnedStore.open(config, NativeTier.DENIED);
  }
}
