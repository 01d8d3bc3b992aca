package dev.pinnedstore.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Operations end on other threads, none behind one that blocks, and all of them in any case. */
@Tag("contract")
class EndingsTest {
  private static final Consumer<Runnable> REFUSES =
      task -> {
        throw new OutOfMemoryError("unable to create native thread");
      };

  /** Ends as it is told to. */
  private static final class Op implements AsyncOperation {
    final CompletableFuture<Thread> ended = new CompletableFuture<>();
    private final Runnable code;

    Op(Runnable code) {
      this.code = code;
    }

    @Override
    public boolean isRead() {
      return true;
    }

    @Override
    public MemorySegment[] rest(int most) {
      return new MemorySegment[] {MemorySegment.NULL};
    }

    @Override
    public long position() {
      return 0;
    }

    @Override
    public boolean advance(long result) {
      return true;
    }

    @Override
    public void end(Throwable failure) {
      code.run();
      if (failure == null) {
        ended.complete(Thread.currentThread());
      } else {
        ended.completeExceptionally(failure);
      }
    }

    @Override
    public void abandon(Throwable failure) {
      end(failure);
    }
  }

  @Test
  void noneWaitsBehindOneThatBlocks() {
    int count = 300;
    List<CountDownLatch> gates = new ArrayList<>();
    for (int i = 0; i <= count; i++) {
      gates.add(new CountDownLatch(1));
    }
    Endings endings = new Endings();
    List<Op> ops = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int index = i;
      // Each waits for the one that ends after it.
      Op op =
          new Op(
              () -> {
                await(gates.get(index + 1));
                gates.get(index).countDown();
              });
      ops.add(op);
      endings.end(op, null);
    }
    gates.get(count).countDown();
    assertThat(ops).allSatisfy(op -> assertThat(op.ended.join().isVirtual()).isTrue());
  }

  private static void await(CountDownLatch gate) {
    try {
      gate.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void oneThreadEndsManyAndASpareIsOnItsWay() {
    Queue<Runnable> started = new ArrayDeque<>();
    Endings endings = new Endings(started::add);
    List<Op> ops = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      // Who leaves its thread interrupted does it to no other.
      ops.add(
          new Op(
              () -> {
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
                Thread.currentThread().interrupt();
              }));
      endings.end(ops.getLast(), null);
    }
    assertThat(started).hasSize(1);
    started.remove().run();
    assertThat(ops).allSatisfy(op -> assertThat(op.ended).isCompleted());
    assertThat(started).as("the spare").hasSize(1);
    started.remove().run();
    assertThat(started).isEmpty();
    Op late = new Op(() -> {});
    endings.end(late, null);
    assertThat(started).as("whoever comes later has a thread started").hasSize(1);
    started.remove().run();
    assertThat(late.ended).isCompleted();
  }

  @Test
  void oneThatThrowsKeepsNoOtherFromEnding() throws Exception {
    Queue<Runnable> started = new ArrayDeque<>();
    Endings endings = new Endings(started::add);
    Op bad =
        new Op(
            () -> {
              throw new IllegalStateException("of a user");
            });
    Op good = new Op(() -> {});
    endings.end(bad, null);
    endings.abandon(good, new IOException("a test"));
    List<Throwable> thrown = new ArrayList<>();
    Thread thread = Thread.ofPlatform().unstarted(started.remove());
    thread.setUncaughtExceptionHandler((t, e) -> thrown.add(e));
    thread.start();
    thread.join();
    assertThat(thrown).singleElement().isInstanceOf(IllegalStateException.class);
    assertThat(good.ended).isCompletedExceptionally();
  }

  @Test
  void whereNoThreadCanBeStartedItEndsHere() {
    Endings endings = new Endings(REFUSES);
    Op op = new Op(() -> {});
    endings.end(op, null);
    assertThat(op.ended.join()).isSameAs(Thread.currentThread());
  }

  @Test
  void operationsThatGetNoThreadFailAndTheFileCanBeClosed() {
    ThreadsIo io = new ThreadsIo(new Nothing(), REFUSES);
    List<Op> ops = new ArrayList<>();
    for (int i = 0; i < 3 * AsyncIo.DEPTH; i++) {
      ops.add(new Op(() -> {}));
      io.start(ops.getLast());
    }
    assertThat(ops).allSatisfy(EndingsTest::assertNotBegun);
    // Hangs if one of them still counts as running.
    io.close();
  }

  @Test
  void thoseThatWaitedFailAsWellWhenThreadsRunOut() {
    Queue<Runnable> started = new ArrayDeque<>();
    boolean[] refuses = {false};
    ThreadsIo io =
        new ThreadsIo(
            new Nothing(),
            task -> {
              if (refuses[0]) {
                REFUSES.accept(task);
              }
              started.add(task);
            });
    List<Op> ops = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      ops.add(new Op(() -> {}));
      io.start(ops.getLast());
    }
    assertThat(started).hasSize(AsyncIo.DEPTH);
    refuses[0] = true;
    started.forEach(Runnable::run);
    assertThat(ops.subList(0, AsyncIo.DEPTH)).allSatisfy(op -> assertThat(op.ended).isCompleted());
    assertThat(ops.subList(AsyncIo.DEPTH, ops.size())).allSatisfy(EndingsTest::assertNotBegun);
    io.close();
  }

  private static void assertNotBegun(Op op) {
    assertThat(op.ended).isCompletedExceptionally();
    assertThat(op.ended.exceptionNow())
        .isInstanceOf(IOException.class)
        .hasMessage("it could not be begun: unable to create native thread");
  }

  /** Moves nothing, and says that all is done. */
  private static final class Nothing implements FileIo {
    @Override
    public int maxParts() {
      return 1;
    }

    @Override
    public long read(MemorySegment[] parts, long position) {
      return END;
    }

    @Override
    public long write(MemorySegment[] parts, long position) {
      return 0;
    }
  }
}
