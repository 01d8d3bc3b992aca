package dev.pinnedstore.backend;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

@JCStressTest
@Description(
    "A pop that sleeps while its page is popped, with the one below, and pushed again (ABA) does"
        + " not hand out the one below a second time.")
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "Each page has one owner.")
@Outcome(id = "0, 0", expect = FORBIDDEN, desc = "A page is lost or has two owners.")
@Outcome(expect = FORBIDDEN, desc = "The size is wrong.")
@State
public class PageStackStress {
  private static final int PAGES = 3;

  private final PageStack stack;
  private final int[] owners = new int[PAGES];
  private Page mine;
  private Page yours;

  public PageStackStress() {
    PageDirectory directory = new PageDirectory(0, Integer.MAX_VALUE);
    stack = new PageStack(directory);
    for (int i = 0; i < PAGES; i++) {
      stack.push(directory.takeFree(-1));
    }
  }

  @Actor
  public void sleeper() {
    mine = stack.pop();
  }

  @Actor
  public void mover() {
    Page top = stack.pop();
    yours = stack.pop();
    stack.push(top);
  }

  @Arbiter
  public void end(II_Result r) {
    owners[mine.id]++;
    owners[yours.id]++;
    for (int i = 0; i < PAGES; i++) {
      Page page = stack.pop();
      if (page != null) {
        owners[page.id]++;
      }
    }
    r.r1 = owners[0] == 1 && owners[1] == 1 && owners[2] == 1 ? 1 : 0;
    r.r2 = stack.size();
  }
}
