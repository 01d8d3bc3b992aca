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
    "Who opens a page in the place of its installer opens the incarnation that is in the stripe:"
        + " not one that is taken out meanwhile, nor the next one before it is installed.")
@Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Taken out once, the next one is not open.")
@Outcome(expect = FORBIDDEN, desc = "Taken out by nobody, or opened where nobody finds it.")
@State
public class OpenTakeOutStress {
  private final Stripes stripes = new Stripes(1);
  private final Page page = new Page(0, 0);

  public OpenTakeOutStress() {
    page.beginOpening(0, 0);
    stripes.fill(0, page);
  }

  @Actor
  public void helper() {
    stripes.opened(0);
  }

  @Actor
  public void taker(III_Result r) {
    Page found = stripes.opened(0);
    boolean sealed = stripes.seal(found, found.reserve, Stripes.NONE);
    r.r1 = sealed && found.countSealed(0) ? 1 : 0;
    found.endGeneration();
    found.beginOpening(0, 0);
  }

  @Arbiter
  public void end(III_Result r) {
    r.r2 = stripes.get(0) == Stripes.NONE ? 1 : 0;
    r.r3 = ReserveLayout.isOpening(page.reserve) ? 1 : 0;
  }
}
