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
@Description("An entry is counted or refused, and exactly one thread owns the emptied page.")
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "Refused: the page was sealed before.")
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Counted and released; sealing emptied the page.")
@Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "Counted; releasing it emptied the page.")
@Outcome(id = "0, 0", expect = FORBIDDEN, desc = "Refused, and nobody owns the page.")
@Outcome(id = "1, 0", expect = FORBIDDEN, desc = "Nobody owns the page: it is lost.")
@Outcome(id = "2, 1", expect = FORBIDDEN, desc = "Two threads own the page.")
@State
public class AppendSealStress {
  private final Page page = new Page(0, 0);

  public AppendSealStress() {
    Pages.activate(page, 0);
  }

  @Actor
  public void writer(II_Result r) {
    long word = page.reserve;
    while (!ReserveLayout.isSealed(word)) {
      if (PageWords.RESERVE.compareAndSet(page, word, word + ReserveLayout.ENTRY + 1)) {
        r.r1 = page.release() ? 2 : 1;
        return;
      }
      word = page.reserve;
    }
  }

  @Actor
  public void sealer(II_Result r) {
    r.r2 = Pages.seal(page) ? 1 : 0;
  }
}
