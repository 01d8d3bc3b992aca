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
@Description("An optimistic read beside a write sees all of it or nothing.")
@Outcome(
    id = {"0, 0", "7, 7"},
    expect = ACCEPTABLE,
    desc = "Before or after.")
@Outcome(expect = FORBIDDEN, desc = "A page that never was.")
@State
public class OptimisticReadStress {
  private final BufferPool pool = SmallPool.open();

  @Actor
  public void writer() {
    SmallPool.write(pool, 7);
  }

  @Actor
  public void reader(JJ_Result r) {
    long both =
        pool.readOptimisticLong(0, page -> page.get(JAVA_LONG, 0) << 8 | page.get(JAVA_LONG, 2048));
    r.r1 = both >>> 8;
    r.r2 = both & 255;
  }

  @Arbiter
  public void end() {
    pool.close();
  }
}
