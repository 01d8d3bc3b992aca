package dev.pinnedstore.pool;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
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
@Description("A dirty page that leaves beside a flush is read back as it was, at once and later.")
@Outcome(id = "7, 7", expect = ACCEPTABLE, desc = "The page, meanwhile and afterwards.")
@Outcome(expect = FORBIDDEN, desc = "It left before it was written.")
@State
public class FlushEvictStress {
  private final BufferPool pool = SmallPool.open();

  public FlushEvictStress() {
    SmallPool.write(pool, 7);
    pool.pin(1).close();
  }

  @Actor
  public void flusher() {
    pool.flush(0);
  }

  /** Two threads in all: with three a machine of two processors leaves the test out. */
  @Actor
  public void evictor(JJ_Result r) {
    pool.pin(2).close();
    pool.pin(3).close();
    try (PageGuard page = pool.pin(0)) {
      r.r1 = page.segment().get(JAVA_LONG, 0);
    }
  }

  @Arbiter
  public void end(JJ_Result r) {
    try (PageGuard page = pool.pin(0)) {
      r.r2 = page.segment().get(JAVA_LONG, 2048);
    }
    pool.close();
  }
}
