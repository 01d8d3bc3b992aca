package dev.pinnedstore.backend.shared;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.pinnedstore.backend.shared.TwoStores.Blob;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

@JCStressTest
@Description("Of two processes that acknowledge a blob, one does, whatever is recycled meanwhile.")
@Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "The first did.")
@Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "The second did.")
@Outcome(expect = FORBIDDEN, desc = "Both, or none, or a third one later.")
@State
public class SharedAcknowledgeStress {
  private final Blob blob = TwoStores.append(TwoStores.A);

  @Actor
  public void first(III_Result r) {
    r.r1 = TwoStores.acknowledge(TwoStores.A, blob);
  }

  @Actor
  public void second(III_Result r) {
    r.r2 = TwoStores.acknowledge(TwoStores.B, blob);
  }

  @Actor
  public void keeper() {
    TwoStores.keep(TwoStores.A);
  }

  @Arbiter
  public void end(III_Result r) {
    r.r3 = TwoStores.acknowledge(TwoStores.B, blob);
  }
}
