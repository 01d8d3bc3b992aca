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
    "A copy of a blob that crosses pages, of which the second is written again while another blob"
        + " keeps the first, is that of its own bytes or is not handed out.")
@Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "The blob is gone.")
@Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Its own bytes.")
@Outcome(id = "1, -1, 1", expect = FORBIDDEN, desc = "Bytes of its successor.")
@Outcome(expect = FORBIDDEN, desc = "Another blob was hurt, or a page did not come back.")
@State
public class SpanResolveReuseStress {
  private final SmallStore store = SmallStore.virtual(3);
  private final Blob kept = store.append(3 * SmallStore.GRANULE, 1, 0);
  private final Blob blob = store.append(2 * SmallStore.GRANULE, 2, 0);
  private Blob successor;

  @Actor
  public void recycler(III_Result r) {
    store.acknowledge(blob);
    store.backend.sealFor(SmallStore.PAGE);
    successor = store.append(SmallStore.PAGE, 3, 0);
    r.r1 = successor != null && successor.pageId() == 1 ? 1 : 0;
  }

  @Actor
  public void reader(III_Result r) {
    r.r2 = store.resolve(blob);
  }

  @Arbiter
  public void end(III_Result r) {
    boolean whole = store.resolve(kept) == SmallStore.OWN_BYTES;
    boolean exact =
        store.acknowledge(kept) == Codes.LIVE && store.acknowledge(successor) == Codes.LIVE;
    r.r3 = whole && exact ? store.end() : -1;
  }
}
