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
    "A blob that is appended while its page is taken out of use is in that page or in the next, and"
        + " no page is lost or emptied twice.")
@Outcome(id = "0, 0, 1", expect = ACCEPTABLE, desc = "In the page, which it keeps alive.")
@Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "In the next incarnation or page.")
@Outcome(expect = FORBIDDEN, desc = "A lost blob, a lost page, or one that was emptied twice.")
@State
public class StillPageSealStress {
  private final SmallStore store = new SmallStore(2);
  private final Blob first = store.append(SmallStore.GRANULE, 1, 0);
  private Blob second;

  public StillPageSealStress() {
    store.acknowledge(first);
    store.backend.sealIdle(0);
  }

  @Actor
  public void writer() {
    second = store.append(SmallStore.GRANULE, 2, 0);
  }

  @Actor
  public void lifecycle() {
    store.backend.sealIdle(0);
  }

  @Arbiter
  public void end(III_Result r) {
    r.r1 = second.generation() == first.generation() && second.pageId() == first.pageId() ? 0 : 1;
    r.r2 = store.events.emptied.get();
    boolean whole = store.resolve(second) == SmallStore.OWN_BYTES;
    boolean exact = store.acknowledge(second) == Codes.LIVE;
    r.r3 = whole && exact ? store.end() : -1;
  }
}
