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
    "A search finds a page that stays, whoever takes another while that is still being pushed.")
@Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "Found; the other came later.")
@Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Found, after the other was taken.")
@Outcome(expect = FORBIDDEN, desc = "A page was missed or miscounted.")
@State
public class PageSetStress {
  private final PageDirectory directory = new PageDirectory(0, Integer.MAX_VALUE);
  private final PageSet set = new PageSet(directory);
  private final Page comes = directory.takeFree(-1);
  private final Page stays = directory.takeFree(-1);

  public PageSetStress() {
    set.push(stays);
  }

  @Actor
  public void pusher() {
    set.push(comes);
  }

  @Actor
  public void searcher(III_Result r) {
    r.r1 = set.claim(comes.id) ? 1 : 0;
    Page found = Pages.popBelow(set, directory, stays.id + 1);
    r.r2 = found == stays ? 1 : 0;
  }

  @Arbiter
  public void end(III_Result r) {
    r.r3 = set.size() == 1 - r.r1 ? 1 : 0;
  }
}
