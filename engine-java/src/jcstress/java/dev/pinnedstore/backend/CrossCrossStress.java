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
    "Of two writers that want to go across the same page one does at most, both blobs are whole,"
        + " and no page is lost.")
@Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Both blobs are whole.")
@Outcome(expect = FORBIDDEN, desc = "A blob or a page is lost.")
@State
public class CrossCrossStress {
  private final SmallStore store = SmallStore.virtual(4);
  private final Blob kept = store.append(3 * SmallStore.GRANULE, 1, 0);
  private Blob mine;
  private Blob yours;

  @Actor
  public void first() {
    mine = store.append(2 * SmallStore.GRANULE, 2, 0);
  }

  @Actor
  public void second() {
    yours = store.append(2 * SmallStore.GRANULE, 3, 0);
  }

  @Arbiter
  public void end(III_Result r) {
    r.r1 = mine == null ? 0 : store.resolve(mine);
    r.r2 = yours == null ? 0 : store.resolve(yours);
    boolean exact = store.backend.stats().liveBlobs() == 3;
    for (Blob blob : new Blob[] {kept, mine, yours}) {
      exact &= blob != null && store.acknowledge(blob) == Codes.LIVE;
    }
    r.r3 = exact ? store.end() : -1;
  }
}
