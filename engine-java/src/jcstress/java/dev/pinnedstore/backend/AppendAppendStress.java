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
    "Two writers at the end of a page, where one blob still fits, never get the same place, and a"
        + " page that one of them installs in vain is not lost.")
@Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Both blobs are whole, and all came back.")
@Outcome(expect = FORBIDDEN, desc = "A lost or overwritten blob, or a lost page.")
@State
public class AppendAppendStress {
  private final SmallStore store = new SmallStore(3);
  private final Blob before = store.append(SmallStore.PAGE - SmallStore.GRANULE, 1, 0);
  private Blob first;
  private Blob second;

  @Actor
  public void first() {
    first = store.append(SmallStore.GRANULE, 2, 0);
  }

  @Actor
  public void second() {
    second = store.append(2 * SmallStore.GRANULE, 3, 0);
  }

  @Arbiter
  public void end(III_Result r) {
    r.r1 = first == null ? 0 : store.resolve(first);
    r.r2 = second == null ? 0 : store.resolve(second);
    for (Blob blob : new Blob[] {before, first, second}) {
      if (blob != null && store.acknowledge(blob) != Codes.LIVE) {
        r.r3 = -1;
        return;
      }
    }
    r.r3 = store.end();
  }
}
