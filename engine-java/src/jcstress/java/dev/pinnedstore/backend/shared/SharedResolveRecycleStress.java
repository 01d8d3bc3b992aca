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
    "A blob that is read while it is acknowledged and its chunk written anew is its own bytes, or"
        + " nothing.")
@Outcome(
    id = {"0, 1", "1, 1"},
    expect = ACCEPTABLE,
    desc = "Own bytes, or too late.")
@Outcome(expect = FORBIDDEN, desc = "Foreign bytes; or the next blob is not there.")
@State
public class SharedResolveRecycleStress {
  private final Blob blob = TwoStores.append(TwoStores.A);

  @Actor
  public void reader(II_Result r) {
    r.r1 = TwoStores.resolve(TwoStores.B, blob);
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
