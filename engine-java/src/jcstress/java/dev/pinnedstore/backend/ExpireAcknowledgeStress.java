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
@Description("A blob that expires while it is acknowledged is taken off the count once.")
@Outcome(id = "0, 0, 1", expect = ACCEPTABLE, desc = "Acknowledged by its reader.")
@Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Expired just before.")
@Outcome(id = "2, 1, 1", expect = ACCEPTABLE, desc = "Expired before.")
@Outcome(expect = FORBIDDEN, desc = "Counted twice or not at all, or the page is lost.")
@State
public class ExpireAcknowledgeStress {
  private static final long TTL_MILLIS = 1;
  private static final long LATER_NANOS = 2_000_000;

  private final SmallStore store = new SmallStore(1, TTL_MILLIS);
  private final Blob blob = store.append(SmallStore.PAGE, 1, 0);

  @Actor
  public void reader(III_Result r) {
    r.r1 = store.acknowledge(blob);
  }

  @Actor
  public void lifecycle(III_Result r) {
    store.nanos.set(LATER_NANOS);
    r.r2 = store.backend.expire();
  }

  @Arbiter
  public void end(III_Result r) {
    store.nanos.set(0);
    int allBack = store.end();
    r.r3 = store.events.emptied.get() == 1 ? allBack : -1;
  }
}
