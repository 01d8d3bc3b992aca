package dev.pinnedstore.pager;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Who commits, and who waits for it. */
class TurnTest {
  private final Turn turn = new Turn();
  private final AtomicBoolean hadTurn = new AtomicBoolean();

  /** Starts to take a turn, which another thread has; comes back when that one waits. */
  private FutureTask<Boolean> waiter(AtomicBoolean needless) throws InterruptedException {
    FutureTask<Boolean> task =
        new FutureTask<>(
            () -> {
              boolean taken = turn.takeUnless(needless::get);
              if (taken) {
                hadTurn.set(true);
                turn.end();
              }
              return taken;
            });
    Thread thread = Thread.ofPlatform().start(task);
    while (thread.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    return task;
  }

  @Test
  void whoWaitsIsOvertakenAFewTimesOnly() throws Exception {
    turn.takeUnless(() -> false);
    FutureTask<Boolean> first = waiter(new AtomicBoolean());
    int overtakes = 0;
    turn.end();
    while (!hadTurn.get() && overtakes <= Turn.MAX_OVERTAKES) {
      turn.takeUnless(() -> false);
      overtakes += hadTurn.get() ? 0 : 1;
      turn.end();
    }
    assertThat(overtakes).isLessThanOrEqualTo(Turn.MAX_OVERTAKES);
    assertThat(first.get()).isTrue();
  }

  @Test
  void allAreDoneAtOnceWhenThereIsNoNeed() throws Exception {
    turn.takeUnless(() -> false);
    AtomicBoolean needless = new AtomicBoolean();
    List<FutureTask<Boolean>> some = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      some.add(waiter(needless));
    }
    FutureTask<Boolean> last = waiter(new AtomicBoolean());
    needless.set(true);
    turn.end();
    for (FutureTask<Boolean> one : some) {
      assertThat(one.get()).isFalse();
    }
    assertThat(last.get()).isTrue();
  }
}
