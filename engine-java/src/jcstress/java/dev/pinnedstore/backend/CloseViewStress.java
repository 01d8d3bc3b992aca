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
@Description("A view that is opened and read while the store closes dies before its memory goes.")
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The store was closed before.")
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Its own bytes.")
@Outcome(id = "1, 2", expect = ACCEPTABLE, desc = "The view died while it was read.")
@Outcome(id = "1, -1", expect = FORBIDDEN, desc = "Memory that was given back.")
@Outcome(expect = FORBIDDEN, desc = "The store did not close.")
@State
public class CloseViewStress {
  private final SmallStore store = new SmallStore(1);
  private final Blob blob = store.append(SmallStore.PAGE, 1, 0);

  @Actor
  public void closer(II_Result r) {
    r.r1 = store.backend.close() ? 1 : 0;
  }

  @Actor
  public void reader(II_Result r) {
    r.r2 = store.openView(blob);
  }
}
