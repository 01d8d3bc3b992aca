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
@Description("Two first viewers of a page both see its bytes, and the loser holds nothing up.")
@Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Both saw their bytes, and all came back.")
@Outcome(expect = FORBIDDEN, desc = "One saw nothing or something else, or a page is lost.")
@State
public class FirstViewStress {
  private final SmallStore store = new SmallStore(1);
  private final Blob blob = store.append(SmallStore.PAGE, 1, 0);

  @Actor
  public void first(III_Result r) {
    r.r1 = store.openView(blob);
  }

  @Actor
  public void second(III_Result r) {
    r.r2 = store.openView(blob);
  }

  @Arbiter
  public void end(III_Result r) {
    store.acknowledge(blob);
    r.r3 = store.end();
  }
}
