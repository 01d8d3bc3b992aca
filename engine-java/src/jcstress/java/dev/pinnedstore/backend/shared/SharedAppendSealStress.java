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
@Description("A blob appended while its chunk is sealed, emptied and recycled is there, once.")
@Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "There, and acknowledged once.")
@Outcome(expect = FORBIDDEN, desc = "Lost, foreign, or acknowledged twice.")
@State
public class SharedAppendSealStress {
  private final Blob neighbour = TwoStores.append(TwoStores.A);
  private Blob blob = neighbour;

  @Actor
  public void writer() {
    blob = TwoStores.append(TwoStores.A);
  }

  @Actor
  public void reader() {
    int _ = TwoStores.acknowledge(TwoStores.B, neighbour);
  }

  @Actor
  public void keeper() {
    TwoStores.keep(TwoStores.B);
  }

  @Arbiter
  public void end(III_Result r) {
    r.r1 = TwoStores.resolve(TwoStores.B, blob);
    r.r2 = TwoStores.acknowledge(TwoStores.B, blob);
    r.r3 = TwoStores.acknowledge(TwoStores.A, blob);
  }
}
