package dev.pinnedstore.backend.shared;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.pinnedstore.backend.shared.TwoStores.Blob;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

@JCStressTest
@Description(
    "A view opened while its blob is acknowledged and its chunk written anew shows its own bytes,"
        + " or nothing.")
@Outcome(
    id = {"0, 1", "1, 1"},
    expect = ACCEPTABLE,
    desc = "Own bytes, or too late.")
@Outcome(expect = FORBIDDEN, desc = "Foreign bytes; or the next blob is not there.")
@State
public class SharedViewRecycleStress {
  private final Blob blob = TwoStores.append(TwoStores.A);

  @Actor
  public void reader(II_Result r) {
    r.r1 = TwoStores.view(TwoStores.B, blob);
    long _ = TwoStores.B.recycle(false);
  }

  @Actor
  public void writer(II_Result r) {
    int _ = TwoStores.acknowledge(TwoStores.A, blob);
    TwoStores.keep(TwoStores.A);
    Blob next = TwoStores.append(TwoStores.A);
    r.r2 = TwoStores.resolve(TwoStores.A, next);
    int _ = TwoStores.acknowledge(TwoStores.A, next);
  }
}
