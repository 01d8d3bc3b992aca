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
@Description("Exactly one of who acknowledges and who seals owns the emptied page.")
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "Sealing emptied it.")
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The last acknowledgement emptied it.")
@Outcome(id = "0, 0", expect = FORBIDDEN, desc = "Nobody owns the page: it is lost.")
@Outcome(expect = FORBIDDEN, desc = "Two threads own the page, or one of them twice.")
@State
public class AcknowledgeSealStress {
  private final Page page = new Page(0, 0);

  public AcknowledgeSealStress() {
    Pages.activate(page, 0);
    page.reserve = 2 * (ReserveLayout.ENTRY + 1);
  }

  @Actor
  public void reader(II_Result r) {
    r.r1 += page.release() ? 1 : 0;
    r.r1 += page.release() ? 1 : 0;
  }

  @Actor
  public void sealer(II_Result r) {
    r.r2 = Pages.seal(page) ? 1 : 0;
  }
}
