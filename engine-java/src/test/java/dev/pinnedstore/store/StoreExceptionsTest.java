package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.store.StoreFullException.Limit;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StoreExceptionsTest {

  private static final BlobHandle HANDLE = new BlobHandle(-1, 2, 3, 4, 5);
  private static final String HANDLE_TEXT =
      "BlobHandle[pageId=4294967295, offset=2, size=3, generation=4, timestampMillis=5]";

  @Test
  void aFullStoreNamesTheLimitItsValueAndWhatToDo() {
    StoreFullException pages = new StoreFullException(Limit.MAX_PAGES, 2);
    assertThat(pages)
        .hasMessage(
            "the store is full: its page limit is reached, maxPages=2;"
                + " acknowledge blobs, or raise maxPages");
    assertThat(pages.limit()).isEqualTo(Limit.MAX_PAGES);
    assertThat(pages.limitValue()).isEqualTo(2);
    assertThat(pages.freeBytes()).isEmpty();
    assertThat(pages.totalBytes()).isEmpty();
    assertThat(pages.chunkSize()).isEmpty();

    assertThat(new StoreFullException(Limit.MAX_BYTES, 1 << 20))
        .hasMessageContaining("maxBytes=1048576")
        .hasMessageContaining("raise maxBytes");
    assertThat(new StoreFullException(Limit.MAP_COUNT, 65_530))
        .hasMessageContaining("maxMapCount=65530")
        .hasMessageContaining("vm.max_map_count");
    assertThat(new StoreFullException(Limit.OPEN_FILES, 64))
        .hasMessageContaining("openFiles=64")
        .hasMessageContaining("ulimit -n");
  }

  @ParameterizedTest
  @EnumSource(Limit.class)
  void aLimitThatTheSystemDoesNotTellIsLeftOutOfTheMessage(Limit limit) {
    StoreFullException full = new StoreFullException(limit, -1);
    assertThat(full.limitValue()).isEqualTo(-1);
    assertThat(full.getMessage())
        .startsWith("the store is full: ")
        .contains("; acknowledge blobs, or ")
        .doesNotContain("-1")
        .doesNotContain("=");
  }

  @Test
  void aFullFileSystemTellsItsFiguresZeroToo() {
    IOException cause = new IOException("No space left on device");
    StoreFullException full =
        new StoreFullException(Limit.DISK_SPACE, -1, 0, 64 << 20, 32 << 20, cause);
    assertThat(full)
        .hasMessage(
            "the store is full: the file system of its files is full, freeBytes=0,"
                + " totalBytes=67108864, chunkSize=33554432; acknowledge blobs, or give that file"
                + " system more room (Docker: --shm-size, 64 MiB by default)")
        .hasCause(cause);
    assertThat(full.freeBytes()).hasValue(0);
    assertThat(full.totalBytes()).hasValue(64 << 20);
    assertThat(full.chunkSize()).hasValue(32 << 20);
  }

  @Test
  void aBlobTooLargeTellsBothSizes() {
    BlobTooLargeException tooLarge = new BlobTooLargeException(4_294_967_296L, 4_294_967_295L);
    assertThat(tooLarge).hasMessage("sizeBytes=4294967296: must be between 1 and 4294967295 bytes");
    assertThat(tooLarge.sizeBytes()).isEqualTo(4_294_967_296L);
    assertThat(tooLarge.maxBytes()).isEqualTo(4_294_967_295L);
  }

  @Test
  void aBlobTooLargeForAnArrayPointsToView() {
    BlobTooLargeException tooLarge = BlobTooLargeException.forArray(3_000_000_000L, 2_147_483_639);
    assertThat(tooLarge)
        .hasMessage(
            "sizeBytes=3000000000: must be between 1 and 2147483639 bytes to be copied into an"
                + " array; read it in place with view");
    assertThat(tooLarge.sizeBytes()).isEqualTo(3_000_000_000L);
    assertThat(tooLarge.maxBytes()).isEqualTo(2_147_483_639);
  }

  @Test
  void aRefusedHandleIsToldInTheMessageAndByTheException() {
    InvalidHandleException invalid = new InvalidHandleException(HANDLE);
    assertThat(invalid).hasMessage(HANDLE_TEXT + ": was never issued by this store");
    assertThat(invalid.handle()).isEqualTo(HANDLE);

    StaleHandleException stale = new StaleHandleException(HANDLE);
    assertThat(stale).hasMessage(HANDLE_TEXT + ": its blob was acknowledged, or has expired");
    assertThat(stale.handle()).isEqualTo(HANDLE);
  }

  @Test
  void aLostBackingKeepsItsCause() {
    InternalError cause = new InternalError("a fault occurred in an unsafe memory access");
    assertThat(new BackingLostException("the file of page 3 is gone", cause))
        .hasMessage("the file of page 3 is gone")
        .hasCause(cause);
    assertThat(new BackingLostException("the file of page 3 is gone", null)).hasNoCause();
  }

  @Test
  void aClosedStoreIsNamedAndIsAnIllegalState() {
    assertThat(new StoreClosedException("PinnedStore[segmented]"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("PinnedStore[segmented]: the store is closed");
  }

  @Test
  void theSealedRootCoversEveryRefusal() {
    Map<PinnedStoreException, String> kinds =
        Map.of(
            new StoreFullException(Limit.MEMORY, -1), "full",
            new BlobTooLargeException(2, 1), "large",
            new InvalidHandleException(HANDLE), "invalid",
            new StaleHandleException(HANDLE), "stale",
            new BackingLostException("gone", null), "lost");
    kinds.forEach((exception, kind) -> assertThat(kindOf(exception)).isEqualTo(kind));
  }

  @Test
  void exceptionsSurviveSerialization() throws IOException, ClassNotFoundException {
    assertThat(copy(new InvalidHandleException(HANDLE)).handle()).isEqualTo(HANDLE);
    assertThat(copy(new StaleHandleException(HANDLE)).handle()).isEqualTo(HANDLE);
    StoreFullException full =
        copy(new StoreFullException(Limit.DISK_SPACE, -1, 1, 2, 3, new IOException("full")));
    assertThat(full.limit()).isEqualTo(Limit.DISK_SPACE);
    assertThat(full.chunkSize()).hasValue(3);
  }

  /** Compiles without a default: a caller can tell all refusals apart. */
  private static String kindOf(PinnedStoreException exception) {
    return switch (exception) {
      case StoreFullException _ -> "full";
      case BlobTooLargeException _ -> "large";
      case InvalidHandleException _ -> "invalid";
      case StaleHandleException _ -> "stale";
      case NamespaceException _ -> "namespace";
      case BackingLostException _ -> "lost";
    };
  }

  @SuppressWarnings("unchecked")
  private static <T> T copy(T value) throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (T) in.readObject();
    }
  }
}
