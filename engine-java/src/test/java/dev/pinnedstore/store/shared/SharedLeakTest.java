package dev.pinnedstore.store.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pinnedstore.os.Proc;
import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.NamespaceException;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.Reservation;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Stores that joined a namespace and left it leave no mapping, file, thread and descriptor. */
class SharedLeakTest extends SharedStoreFixture {
  private static final int ROUNDS = 25;
  private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(30);

  @Test
  void storesThatWereUsedAndClosedLeaveNothing() throws Exception {
    use();
    long openFiles = Proc.openFiles();
    for (int round = 0; round < ROUNDS; round++) {
      use();
    }
    await(openFiles);
  }

  @Test
  void storesThatWereRefusedLeaveNothing() throws Exception {
    refuse();
    long openFiles = Proc.openFiles();
    for (int round = 0; round < ROUNDS; round++) {
      refuse();
    }
    await(openFiles);
  }

  /** A creator and two that attach, the second after the first has left, with all that they do. */
  private void use() {
    PinnedStore creator = PinnedStore.open(config(backend()).build());
    creator.startLifecycle(Duration.ofMillis(1));
    for (int i = 0; i < 2; i++) {
      try (PinnedStore attached =
          PinnedStore.attach(namespace, config(Backend.shared(namespace)).build())) {
        attached.startLifecycle(Duration.ofMillis(1));
        Reservation open = attached.reserve(100);
        List<BlobHandle> handles = new ArrayList<>();
        for (int n = 0; n < 20; n++) {
          handles.add((n % 2 == 0 ? creator : attached).append(Bytes.of(n, 1 + 150 * n)));
          assertLive(creator, handles.getLast(), n);
          assertLive(attached, handles.getLast(), n);
        }
        for (BlobHandle handle : handles) {
          assertThat((handle.offset() % 2 == 0 ? creator : attached).acknowledge(handle)).isTrue();
        }
        open.close();
      }
    }
    creator.close();
  }

  private void refuse() {
    try (PinnedStore _ = PinnedStore.open(config(backend()).build())) {
      assertThatThrownBy(() -> PinnedStore.open(config(backend()).build()))
          .isInstanceOf(NamespaceException.class);
      assertThat(PinnedStore.cleanupNamespace(namespace).inUse()).isTrue();
    }
    assertThatThrownBy(() -> PinnedStore.attach(namespace, config(backend()).build()))
        .isInstanceOf(NamespaceException.class);
  }

  private void await(long openFiles) throws IOException {
    long start = System.nanoTime();
    while (Proc.openFiles() > openFiles || !mappings().isEmpty() || threads() > 0) {
      assertThat(System.nanoTime() - start)
          .as(
              "%d files, %d before; %d threads; %s",
              Proc.openFiles(), openFiles, threads(), mappings())
          .isLessThan(LONGEST_NANOS);
      LockSupport.parkNanos(1_000_000);
    }
    assertThat(SharedFiles.names(namespace)).isEmpty();
  }

  /** Threads that belong to a store. */
  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("pinned-store"))
        .count();
  }
}
