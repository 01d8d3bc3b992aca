package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class DispatchTest {
  private final Dispatch dispatch = new Dispatch();

  private static Parcel parcel(int piece) {
    return new Parcel(0, piece, 0, new byte[24], 1);
  }

  private List<Integer> take(int most) throws InterruptedException {
    return dispatch.take(most).stream().map(it -> it.piece).toList();
  }

  @Test
  void parcelsComeInOrderAndNoMoreThanAskedFor() throws InterruptedException {
    for (int i = 0; i < 5; i++) {
      dispatch.put(parcel(i));
    }

    assertThat(take(2)).containsExactly(0, 1);
    assertThat(take(9)).containsExactly(2, 3, 4);
  }

  @Test
  void whatIsGivenBackComesFirstAndIsCounted() throws InterruptedException {
    for (int i = 0; i < 4; i++) {
      dispatch.put(parcel(i));
    }
    List<Parcel> out = dispatch.take(3);
    dispatch.finished();
    dispatch.giveBack(out.subList(1, 3));

    assertThat(take(9)).containsExactly(1, 2, 3);
    assertThat(dispatch.redelivered()).isEqualTo(2);
  }

  @Test
  void theEndWaitsForWhatIsOut() throws InterruptedException, ExecutionException {
    dispatch.put(parcel(7));
    List<Parcel> out = dispatch.take(1);
    dispatch.end();
    CompletableFuture<List<Integer>> other = new CompletableFuture<>();
    Thread waiting =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    other.complete(take(1));
                  } catch (InterruptedException e) {
                    other.completeExceptionally(e);
                  }
                });
    while (waiting.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    dispatch.giveBack(out);

    assertThat(other.get()).containsExactly(7);
    dispatch.finished();
    assertThat(take(1)).isEmpty();
  }

  @Test
  void whatIsCancelledGivesNothing() throws InterruptedException {
    dispatch.put(parcel(1));
    dispatch.cancel();

    assertThat(take(1)).isEmpty();
  }
}
