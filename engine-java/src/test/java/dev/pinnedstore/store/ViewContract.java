package dev.pinnedstore.store;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Views: one address for a blob's life, and an exception afterwards. */
interface ViewContract extends StoreFixture {

  /** What ends a view whose blob was acknowledged. */
  enum End {
    A_CYCLE {
      @Override
      void come(PinnedStore store, ManualTicker clock) {
        // The second finds the page as the first one left it, and takes it out of use.
        store.maintain();
        clock.advance(store.config().decayTimeout());
        store.maintain();
      }
    },
    REUSE {
      @Override
      void come(PinnedStore store, ManualTicker clock) {
        // As much as the store may hold: the viewed page has to serve again.
        if (store.config().backend() instanceof Backend.Shared shared) {
          var _ =
              StoreFixture.fillPages(store, (int) (store.config().maxBytes() / shared.chunkSize()));
        } else {
          store.append(Blobs.of(100, store.config().maxBytes()));
        }
      }
    },
    REUSE_FOR_SMALL_BLOBS {
      @Override
      void come(PinnedStore store, ManualTicker clock) {
        MemorySegment blob = MemorySegment.ofArray(Blobs.of(100, PAGE));
        long appended = 0;
        while (store.tryAppend(blob) != null) {
          appended++;
        }
        // A blob in two pages may leave a rest in each.
        assertThat(appended).isGreaterThanOrEqualTo(store.config().maxBytes() / PAGE - 1);
      }
    },
    CLOSE {
      @Override
      void come(PinnedStore store, ManualTicker clock) {
        store.close();
      }
    };

    abstract void come(PinnedStore store, ManualTicker clock);
  }

  @ParameterizedTest
  @EnumSource
  default void aViewDiesWithItsPageAndNeverShowsOtherBytes(End end) {
    for (int wanted : new int[] {1, 100, PAGE, 3 * PAGE + 1}) {
      int size = fit(wanted);
      PinnedStore store = open(config().maxBytes(8 * PAGE).build());
      BlobHandle handle = store.append(Blobs.of(1, size));
      MemorySegment view = store.view(handle);
      MemorySegment part = view.asSlice(size / 2);
      ByteBuffer buffer = view.asByteBuffer();
      store.acknowledge(handle);
      assertThat(Blobs.isBlob(view, 1)).as("a view outlives the acknowledgement").isTrue();

      end.come(store, clock());
      assertThat(view.scope().isAlive()).isFalse();
      assertThatThrownBy(() -> view.get(JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> part.get(JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> buffer.get(0)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  default void aLiveViewDiesWithTheStore() {
    PinnedStore store = open();
    MemorySegment view = store.view(store.append(Blobs.of(1, 100)));
    store.close();
    assertThatThrownBy(() -> view.get(JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  default void theAddressOfABlobNeverChanges() {
    PinnedStore store = open(config().maxBytes(64 * PAGE).decayTimeout(TICK).build());
    List<BlobHandle> handles = new ArrayList<>();
    List<MemorySegment> views = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      handles.add(store.append(Blobs.of(i, fit(1 + i * 397))));
      views.add(store.view(handles.getLast()));
    }
    for (int round = 0; round < 5; round++) {
      // Memory comes, is reused and goes all around them.
      StoreFixture.fillPages(store, 30).forEach(store::acknowledge);
      clock().advance(TICK);
      store.maintain();
      for (int i = 0; i < handles.size(); i++) {
        BlobHandle handle = handles.get(i);
        long there = CompletableFuture.supplyAsync(() -> store.view(handle).address()).join();
        assertThat(there).isEqualTo(views.get(i).address());
        assertThat(Blobs.isBlob(views.get(i), i)).as("blob %s", i).isTrue();
      }
    }
  }

  Duration TICK = Duration.ofSeconds(1);

  @Test
  default void aViewEndsWhereItsBlobEndsAndCannotBeWrittenTo() {
    PinnedStore store = open();
    BlobHandle first = store.append(Blobs.of(1, 64));
    BlobHandle second = store.append(Blobs.of(2, 64));
    MemorySegment view = store.view(first);
    assertThat(view.byteSize()).isEqualTo(64);
    assertThat(view.isReadOnly()).isTrue();
    assertThatThrownBy(() -> view.get(JAVA_BYTE, 64)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> view.get(JAVA_BYTE, -1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> view.set(JAVA_BYTE, 0, (byte) 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(view.asByteBuffer().isReadOnly()).isTrue();
    Blobs.assertLive(store, second, 2);
  }

  @Test
  default void viewsOfOtherPagesLiveOn() {
    PinnedStore store = open();
    List<BlobHandle> handles = StoreFixture.fillPages(store, 5);
    List<MemorySegment> views = handles.stream().map(store::view).toList();
    for (int i = 0; i < 5; i += 2) {
      store.acknowledge(handles.get(i));
    }
    store.maintain();
    clock().advance(store.config().decayTimeout());
    store.maintain();
    for (int i = 1; i < 5; i += 2) {
      assertThat(Blobs.isBlob(views.get(i), i)).isTrue();
    }
    assertThat(views.get(0).scope().isAlive()).isFalse();
    assertThat(views.get(2).scope().isAlive()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  default void aViewInASystemCallOnlyPostponesTheEnd(boolean close) throws Exception {
    int size = 1 << 20;
    PinnedStore store = open(config().pageSize(size).maxPages(1).build());
    BlobHandle handle = store.append(Blobs.of(1, size));
    MemorySegment view = store.view(handle);
    Pipe pipe = Pipe.open();
    try (Pipe.SourceChannel source = pipe.source();
        Pipe.SinkChannel sink = pipe.sink()) {
      CompletableFuture<Void> writing =
          CompletableFuture.runAsync(
              () -> {
                try {
                  sink.write(view.asByteBuffer());
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      // More than a pipe holds: once a byte has come, the call stands until all are fetched.
      ByteBuffer received = ByteBuffer.allocate(size).limit(1);
      source.read(received);
      store.acknowledge(handle);
      if (close) {
        store.close();
      } else {
        assertThat(store.tryAppend(MemorySegment.ofArray(new byte[1])) == null)
            .isNotEqualTo(isTakenFromViewers());
        assertThat(store.maintain().groupsClosed()).isZero();
      }
      assertThat(Blobs.isBlob(view, 1)).isTrue();

      received.limit(size);
      while (received.hasRemaining()) {
        source.read(received);
      }
      writing.join();
      assertThat(received.array()).isEqualTo(Blobs.of(1, size));
    }
    if (close) {
      Waiting.until("the memory is gone", () -> !view.scope().isAlive());
    } else {
      store.maintain();
      assertThat(view.scope().isAlive()).isFalse();
    }
  }
}
