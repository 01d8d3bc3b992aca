package dev.pinnedstore.backend;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

@JCStressTest
@Description(
    "An append at the limit beside the acknowledgement that makes room is refused or not, but the"
        + " room is there afterwards.")
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "Refused; the next append has room.")
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Appended.")
@Outcome(expect = FORBIDDEN, desc = "The room is lost, or so is the blob.")
@State
public class AppendAtLimitStress {
  private final SmallStore store = new SmallStore(1);
  private final Blob blob = store.append(SmallStore.PAGE, 1, 0);
  private Blob next;

  @Actor
  public void reader() {
    store.acknowledge(blob);
  }

  @Actor
  public void writer(II_Result r) {
    next = store.append(SmallStore.PAGE, 2, 0);
    r.r1 = next == null ? 0 : 1;
  }

  @Arbiter
  public void end(II_Result r) {
    Blob last = next == null ? store.append(SmallStore.PAGE, 3, 0) : next;
    r.r2 = last == null ? 0 : store.resolve(last);
  }
}
