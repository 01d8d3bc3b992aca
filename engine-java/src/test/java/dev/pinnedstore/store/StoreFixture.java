package dev.pinnedstore.store;

import dev.pinnedstore.backend.StorageBackend;
import dev.pinnedstore.store.StoreFullException.Limit;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

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

  /** A size, or the largest blob if that is smaller. */
  default int fit(int size) {
    return (int) Math.min(size, largestBlob());
  }

  /** Skips what is about blobs that are larger than a page. */
  default void assumeLargeBlobs() {
    Assumptions.assumeTrue(
        largestBlob() > PAGE, "a chunk holds its blobs whole, and none is larger");
  }

  /** Whether a full store takes a page from those who still view it: they keep its memory. */
  default boolean isTakenFromViewers() {
    return false;
  }

  /** How many pages a store may have. */
  default int pageLimitOf(PinnedStore store) {
    return store.config().maxPages();
  }

  /** What counts pages, as the store says it. */
  default Limit pageLimit() {
    return Limit.MAX_PAGES;
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
