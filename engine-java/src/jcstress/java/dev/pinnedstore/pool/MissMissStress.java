package dev.pinnedstore.pool;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

@JCStressTest
@Description("Two threads that miss one page load it once, into one frame.")
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "One frame, one read.")
@Outcome(expect = FORBIDDEN, desc = "A page in two frames.")
@State
public class MissMissStress {
  private final BufferPool pool = SmallPool.open();
  private long mine;
  private long yours;

  @Actor
  public void first() {
    mine = address();
  }

  @Actor
  public void second() {
    yours = address();
  }

  private long address() {
    try (PageGuard page = pool.pin(5)) {
      return page.segment().address();
    }
  }

  @Arbiter
  public void end(JJ_Result r) {
    r.r1 = mine == yours ? 1 : 0;
    r.r2 = pool.stats().pageReads() - 1;
    pool.close();
  }
}
