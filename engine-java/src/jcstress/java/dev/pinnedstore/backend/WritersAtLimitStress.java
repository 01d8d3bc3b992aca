package dev.pinnedstore.backend;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

@JCStressTest
@Description(
    "Of two writers at the limit none is refused while the other holds an emptied page in hand.")
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both found room.")
@Outcome(expect = FORBIDDEN, desc = "One was refused although there was room for both.")
@State
public class WritersAtLimitStress {
  private final SmallStore store = new SmallStore(1);

  public WritersAtLimitStress() {
    store.acknowledge(store.append(SmallStore.PAGE, 1, 0));
  }

  @Actor
  public void first(II_Result r) {
    r.r1 = store.append(SmallStore.GRANULE, 2, 0) == null ? 0 : 1;
  }

  @Actor
  public void second(II_Result r) {
    r.r2 = store.append(SmallStore.GRANULE, 3, 0) == null ? 0 : 1;
  }
}
