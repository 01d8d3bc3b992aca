package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Where fixed pages put blobs: a blob never crosses a page. */
interface PackingContract extends StoreFixture {

  @Test
  default void aBlobThatDoesNotFitInTheRestOfAPageSkipsToTheNext() {
    PinnedStore store = open();
    BlobHandle first = store.append(Blobs.of(1, PAGE - 64));
    BlobHandle second = store.append(Blobs.of(2, 65));
    BlobHandle third = store.append(Blobs.of(3, 64));
    assertThat(second.pageId()).isNotEqualTo(first.pageId());
    assertThat(second.offset()).isZero();
    assertThat(third.pageId()).isEqualTo(second.pageId());
    assertThat(third.offset()).isEqualTo(128);
    Blobs.assertLive(store, first, 1);
    Blobs.assertLive(store, second, 2);
  }

  @Test
  default void oneWriterPacksOnePageAfterAnotherOnCacheLines() {
    PinnedStore store = open();
    BlobHandle before = store.append(Blobs.of(0, 1));
    for (int i = 1; i < 500; i++) {
      BlobHandle handle = store.append(Blobs.of(i, 1 + i % 300));
      long end = before.offsetBytes() + (before.sizeBytes() + 63) / 64 * 64;
      if (handle.sizeBytes() <= PAGE - end) {
        assertThat(handle.pageId()).as("page of blob %s", i).isEqualTo(before.pageId());
        assertThat(handle.offsetBytes()).as("offset of blob %s", i).isEqualTo(end);
      } else {
        assertThat(handle.pageId()).as("page of blob %s", i).isEqualTo(before.pageId() + 1);
        assertThat(handle.offset()).as("offset of blob %s", i).isZero();
      }
      before = handle;
    }
  }

  @Test
  default void aBlobLargerThanAPageGetsAPageOfItsOwnSize() {
    PinnedStore store = open();
    BlobHandle small = store.append(Blobs.of(1, 64));
    long committed = store.stats().committedBytes();
    BlobHandle large = store.append(Blobs.of(2, 5 * PAGE - 1));
    BlobHandle next = store.append(Blobs.of(3, 64));
    assertThat(large.offset()).isZero();
    assertThat(store.stats().committedBytes()).isEqualTo(committed + 5 * PAGE);
    assertThat(next.pageId()).isEqualTo(small.pageId());
  }
}
