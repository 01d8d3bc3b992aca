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
@Description("A change beside a flush is written by it, or the page stays dirty.")
@Outcome(id = "8, 0", expect = ACCEPTABLE, desc = "Written, or left for the next flush.")
@Outcome(expect = FORBIDDEN, desc = "Taken for written, and lost.")
@State
public class FlushWriteStress {
  private final BufferPool pool = SmallPool.open();

  public FlushWriteStress() {
    SmallPool.write(pool, 7);
  }

  @Actor
  public void flusher() {
    pool.flush(0);
  }

  @Actor
  public void writer() {
    SmallPool.write(pool, 8);
  }

  @Arbiter
  public void end(JJ_Result r) {
    // Evicts it, so that what is read is what was written.
    pool.pin(2).close();
    pool.pin(3).close();
    pool.pin(4).close();
    try (PageGuard page = pool.pin(0)) {
      r.r1 = page.segment().get(java.lang.foreign.ValueLayout.JAVA_LONG, 0);
    }
    r.r2 = pool.stats().dirtyFrames();
    pool.close();
  }
}
