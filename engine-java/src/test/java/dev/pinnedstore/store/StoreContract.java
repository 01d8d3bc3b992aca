package dev.pinnedstore.store;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;

/**
 * What every store promises, whatever is behind it; a subclass for each implementation says how it
 * is opened. Runs with native access granted and denied.
 */
@Tag("contract")
abstract class StoreContract
    implements AppendContract,
        WriterContract,
        HandleContract,
        ViewContract,
        BoundContract,
        TtlContract,
        RaceContract,
        CloseContract {
  private final ManualTicker clock = new ManualTicker();
  private final List<PinnedStore> opened = new ArrayList<>();

  /** Opens a store of the implementation. */
  abstract PinnedStore openStore(StoreConfig config);

  @Override
  public final PinnedStore open(StoreConfig config) {
    PinnedStore store = openStore(config);
    opened.add(store);
    // A store that is never maintained would say so in the log, once per test.
    store.maintain();
    return store;
  }

  @Override
  public final ManualTicker clock() {
    return clock;
  }

  @AfterEach
  void closeStores() {
    opened.forEach(PinnedStore::close);
  }
}
