package dev.pinnedstore.backend;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

@JCStressTest
@Description(
    "The first view of a blob that crosses pages, which are written again, shows its own bytes"
        + " until it dies, or is refused, and holds nothing up.")
@Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "The blob is gone.")
@Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Its own bytes.")
@Outcome(id = "1, 2, 1", expect = ACCEPTABLE, desc = "The view died while it was read.")
@Outcome(id = "1, -1, 1", expect = FORBIDDEN, desc = "Bytes of its successor.")
@Outcome(expect = FORBIDDEN, desc = "No room for the successor, or a page that did not come back.")
@State
public class SpanViewReuseStress {
  private final SmallStore store = SmallStore.virtual(2);
  private final Blob blob = store.append(2 * SmallStore.PAGE, 1, 0);
  private Blob successor;

  @Actor
  public void recycler(III_Result r) {
    store.acknowledge(blob);
    successor = store.append(2 * SmallStore.PAGE, 2, 0);
    r.r1 = successor == null ? 0 : 1;
  }

  @Actor
  public void reader(III_Result r) {
    r.r2 = store.openView(blob);
  }

  @Arbiter
  public void end(III_Result r) {
    r.r3 = successor != null && store.acknowledge(successor) == Codes.LIVE ? store.end() : -1;
  }
}
