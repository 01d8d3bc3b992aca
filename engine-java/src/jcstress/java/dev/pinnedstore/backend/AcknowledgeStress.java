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
    "Of two acknowledgements of one blob exactly one counts, and it empties the page once.")
@Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "The first thread's counted.")
@Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "The second thread's counted.")
@Outcome(expect = FORBIDDEN, desc = "Both or none counted, or the page was not emptied once.")
@State
public class AcknowledgeStress {
  private final SmallStore store = new SmallStore(2);
  private final Blob blob = store.append(SmallStore.PAGE, 1, 0);

  public AcknowledgeStress() {
    // Seals the page of the first.
    store.append(SmallStore.GRANULE, 2, 0);
  }

  @Actor
  public void first(III_Result r) {
    r.r1 = store.acknowledge(blob);
  }

  @Actor
  public void second(III_Result r) {
    r.r2 = store.acknowledge(blob);
  }

  @Arbiter
  public void end(III_Result r) {
    r.r3 = store.events.emptied.get();
  }
}
