package dev.pinnedstore.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.pinnedstore.backend.CoarseClock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Waits for cycles, never for time; the timeout is what a hanging test fails by. */
@Timeout(60)
class LifecycleThreadTest {
  private static final long SHORT = Duration.ofMillis(1).toNanos();
  private static final long LONG = Duration.ofHours(1).toNanos();

  private final FakeTime time = new FakeTime(0);
  private final FakeBackend backend = new FakeBackend(time);
  private final CoarseClock clock = time.clock();
  private final LifecycleManager manager = new LifecycleManager(backend, clock, 0.8, 0, 0);

  @Test
  void runsCyclesOnADaemonOfItsNameUntilItIsClosed() throws Exception {
    Hooks hooks = new Hooks(20);
    LifecycleThread thread = manager.start("a name", SHORT, hooks);
    hooks.done.await();
    assertThat(thread.isRunning()).isTrue();
    assertThat(thread.interval()).isEqualTo(Duration.ofMillis(1));
    thread.close();
    assertThat(thread.isRunning()).isFalse();
    assertThat(hooks.failures).isEmpty();
    Thread ran = hooks.thread.get();
    assertThat(ran.isDaemon()).isTrue();
    assertThat(ran.getName()).isEqualTo("a name");
    assertThat(backend.calls).contains("recycle false").doesNotContain("recycle true");
  }

  @Test
  void tellsBackendAndClockWhenItComesAndGoes() throws Exception {
    Hooks hooks = new Hooks(1);
    LifecycleThread thread = manager.start("t", SHORT, hooks);
    hooks.done.await();
    thread.close();
    assertThat(backend.calls).startsWith("setPolled true").endsWith("setPolled false");
    time.advance(Duration.ofMillis(5).toNanos());
    assertThat(clock.millis()).as("read from the source again").isEqualTo(5);
  }

  @Test
  void closingAThreadThatPausesForAnHourEndsIt() throws Exception {
    Hooks hooks = new Hooks(1);
    LifecycleThread thread = manager.start("t", LONG, hooks);
    hooks.done.await();
    thread.close();
    assertThat(thread.isRunning()).isFalse();
    assertThatCode(thread::close).as("again").doesNotThrowAnyException();
  }

  @Test
  void aCycleThatFailsIsReportedAndTheNextOneRuns() throws Exception {
    RuntimeException failure = new IllegalStateException("scripted");
    backend.failure = failure;
    BlockingQueue<String> order = new ArrayBlockingQueue<>(1_000);
    LifecycleThread.Hooks hooks =
        new LifecycleThread.Hooks() {
          @Override
          public void afterCycle() {
            order.offer("after");
          }

          @Override
          public void failed(Throwable cause) {
            backend.failure = null;
            order.offer(cause == failure ? "failed" : "failed otherwise: " + cause);
          }
        };
    try (LifecycleThread thread = manager.start("t", SHORT, hooks)) {
      assertThat(List.of(order.take(), order.take(), order.take()))
          .containsExactly("failed", "after", "after");
      assertThat(thread.isRunning()).isTrue();
    }
  }

  @Test
  void aHookThatFailsIsReportedAndTheNextCycleRuns() throws Exception {
    AssertionError failure = new AssertionError("scripted");
    BlockingQueue<Throwable> failures = new ArrayBlockingQueue<>(1_000);
    LifecycleThread.Hooks hooks =
        new LifecycleThread.Hooks() {
          @Override
          public void afterCycle() {
            throw failure;
          }

          @Override
          public void failed(Throwable cause) {
            failures.offer(cause);
          }
        };
    try (LifecycleThread thread = manager.start("t", SHORT, hooks)) {
      assertThat(List.of(failures.take(), failures.take())).containsOnly(failure);
      assertThat(thread.isRunning()).isTrue();
    }
  }

  @Test
  void mayBeClosedOnItself() throws Exception {
    AtomicReference<LifecycleThread> self = new AtomicReference<>();
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    Hooks hooks =
        new Hooks(1) {
          @Override
          public void afterCycle() {
            try {
              started.await();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
            super.afterCycle();
            self.get().close();
            closed.countDown();
          }
        };
    self.set(manager.start("t", LONG, hooks));
    started.countDown();
    closed.await();
    hooks.thread.get().join();
    assertThat(self.get().isRunning()).isFalse();
    assertThat(hooks.failures).isEmpty();
  }

  @Test
  void anInterruptedCloserStillEndsTheThread() throws Exception {
    Hooks hooks = new Hooks(1);
    LifecycleThread thread = manager.start("t", LONG, hooks);
    hooks.done.await();
    Thread.currentThread().interrupt();
    thread.close();
    assertThat(Thread.interrupted()).as("the caller keeps its interrupt").isTrue();
    hooks.thread.get().join();
    assertThat(thread.isRunning()).isFalse();
  }

  /** The wanted pause is 0 here and infinite in a quiet store: neither may reach the thread. */
  @Test
  void keepsRunningHoweverFastPagesFill() throws Exception {
    Hooks hooks =
        new Hooks(50) {
          @Override
          public void afterCycle() {
            backend.write(1e12);
            time.advance(1);
            super.afterCycle();
          }
        };
    try (LifecycleThread thread = manager.start("t", LONG, hooks)) {
      hooks.done.await();
      assertThat(thread.isRunning()).isTrue();
    }
    assertThat(hooks.failures).isEmpty();
  }

  private static class Hooks implements LifecycleThread.Hooks {
    final CountDownLatch done;
    final List<Throwable> failures = new CopyOnWriteArrayList<>();
    final AtomicReference<Thread> thread = new AtomicReference<>();

    Hooks(int cycles) {
      done = new CountDownLatch(cycles);
    }

    @Override
    public void afterCycle() {
      thread.set(Thread.currentThread());
      done.countDown();
    }

    @Override
    public void failed(Throwable cause) {
      failures.add(cause);
    }
  }
}
