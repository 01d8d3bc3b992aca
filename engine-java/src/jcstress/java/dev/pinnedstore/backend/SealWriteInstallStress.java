package dev.pinnedstore.backend;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;

@JCStressTest
@Description(
    "A page that one thread seals and writes behind, while another puts the next one in its place,"
        + " is neither lost nor used twice.")
@Outcome(id = "1, 1, 1, 1", expect = ACCEPTABLE, desc = "All blobs are whole, all pages came back.")
@Outcome(expect = FORBIDDEN, desc = "A blob or a page is lost.")
@State
public class SealWriteInstallStress {
  private final SmallStore store = SmallStore.virtual(4);
  private final Blob kept = store.append(3 * SmallStore.GRANULE, 1, 0);
  private Blob small;
  private Blob large;

  @Actor
  public void sealer() {
    store.backend.sealFor(2 * SmallStore.GRANULE);
    small = store.append(SmallStore.GRANULE, 2, 0);
  }

  @Actor
  public void installer() {
    large = store.append(SmallStore.PAGE, 3, 0);
  }

  @Arbiter
  public void end(IIII_Result r) {
    r.r1 = store.resolve(kept);
    r.r2 = small == null ? 0 : store.resolve(small);
    r.r3 = large == null ? 0 : store.resolve(large);
    boolean exact = store.backend.stats().liveBlobs() == 3;
    for (Blob blob : new Blob[] {kept, small, large}) {
      exact &= blob != null && store.acknowledge(blob) == Codes.LIVE;
    }
    r.r4 = exact ? store.end() : -1;
  }
}
