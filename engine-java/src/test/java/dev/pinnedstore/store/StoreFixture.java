package dev.pinnedstore.store;

import dev.pinnedstore.backend.StorageBackend;
import java.util.ArrayList;
import java.util.List;

/** What each part of the contract starts from: small pages and a clock that is turned by hand. */
interface StoreFixture {
  int PAGE = 4096;

  /** Opens a store of the implementation under test, closed after the test. */
  PinnedStore open(StoreConfig config);

  /** The clock of {@link #config()}. */
  ManualTicker clock();

  /** Where the bytes are. */
  default Backend backend() {
    return Backend.segmented();
  }

  /** How many pages a blob of that size counts for. */
  default int pagesOf(long size) {
    return 1;
  }

  /** The largest blob of a store of one page and more. */
  default long largestBlob() {
    return StorageBackend.MAX_BLOB_BYTES;
  }

  default StoreConfig.Builder config() {
    return StoreConfig.builder().backend(backend()).pageSize(PAGE).clock(clock());
  }

  default PinnedStore open() {
    return open(config().build());
  }

  /** Appends blobs of a page each, numbered from 0. */
  static List<BlobHandle> fillPages(PinnedStore store, int pages) {
    List<BlobHandle> handles = new ArrayList<>();
    for (int i = 0; i < pages; i++) {
      handles.add(store.append(Blobs.of(i, PAGE)));
    }
    return handles;
  }
}
