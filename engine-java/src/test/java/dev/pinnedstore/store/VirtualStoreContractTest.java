package dev.pinnedstore.store;

import dev.pinnedstore.os.NativeTier;
import org.junit.jupiter.api.condition.EnabledIf;

/** Pages side by side in one range of addresses. */
@EnabledIf(value = "isGranted", disabledReason = "virtual memory needs native access")
class VirtualStoreContractTest extends StoreContract implements SpanningContract {
  static boolean isGranted() {
    return NativeTier.current() == NativeTier.GRANTED;
  }

  @Override
  public Backend backend() {
    return Backend.virtual(1L << 30);
  }

  @Override
  PinnedStore openStore(StoreConfig config) {
    return PinnedStore.open(config);
  }
}
