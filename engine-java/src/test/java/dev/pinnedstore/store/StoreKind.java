package dev.pinnedstore.store;

import dev.pinnedstore.os.NativeTier;
import java.util.Arrays;
import java.util.List;

/** The ways in which a store lives in one process. */
enum StoreKind {
  /** Segmented, with native access where it is granted. */
  SEGMENTED(Backend.segmented(), NativeTier.current()),

  /** Segmented, without a native call. */
  SEGMENTED_DENIED(Backend.segmented(), NativeTier.DENIED),

  /** Virtual, in a range that is larger than any test needs. */
  VIRTUAL(Backend.virtual(1L << 34), NativeTier.current());

  private final Backend backend;
  private final NativeTier tier;

  StoreKind(Backend backend, NativeTier tier) {
    this.backend = backend;
    this.tier = tier;
  }

  /** Those that this JVM allows: virtual needs native access. */
  static List<StoreKind> allowed() {
    return Arrays.stream(values()).filter(StoreKind::isAllowed).toList();
  }

  boolean isAllowed() {
    return this != VIRTUAL || tier == NativeTier.GRANTED;
  }

  StoreConfig.Builder config() {
    return StoreConfig.builder().backend(backend);
  }

  PinnedStore open(StoreConfig.Builder config) {
    return open(config.build());
  }

  PinnedStore open(StoreConfig config) {
    return PinnedStore.open(config, tier);
  }
}
