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
@Description("Two threads that acknowledge the last two blobs of a page empty it once.")
@Outcome(id = "0, 0, 1", expect = ACCEPTABLE, desc = "Both counted, one emptied the page.")
@Outcome(expect = FORBIDDEN, desc = "One did not count, or the page was not emptied once.")
@State
public class LastAcknowledgeStress {
  private final SmallStore store = new SmallStore(2);
  private final Blob first = store.append(SmallStore.GRANULE, 1, 0);
  private final Blob second = store.append(SmallStore.GRANULE, 2, 0);

  public LastAcknowledgeStress() {
    // Seals the page of the two.
    store.append(SmallStore.PAGE, 3, 0);
  }

  @Actor
  public void first(III_Result r) {
    r.r1 = store.acknowledge(first);
  }

  @Actor
  public void second(III_Result r) {
    r.r2 = store.acknowledge(second);
  }

  @Arbiter
  public void end(III_Result r) {
    r.r3 = store.events.emptied.get();
  }
}
