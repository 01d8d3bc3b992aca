package dev.pinnedstore.backend;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.MemorySegment;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

@JCStressTest
@Description("Either the recycler knows of the first view, or that view is refused.")
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "Recycled at once; the view is refused.")
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "Viewed; the recycler lets the view die first.")
@Outcome(id = "1, 1", expect = FORBIDDEN, desc = "A view of a page that is ready to be written.")
@Outcome(id = "0, 0", expect = FORBIDDEN, desc = "A page that waits for a view that is not there.")
@State
public class ViewMarkerStress {
  private static final PageView SHARED =
      new PageView(MemorySegment.ofArray(new byte[1]), new ViewGroup(0));

  private final Page page = new Page(0, 0);
  private final PageView marker;

  public ViewMarkerStress() {
    Pages.activate(page, 0);
    marker = page.view;
    Pages.seal(page);
  }

  @Actor
  public void recycler(II_Result r) {
    r.r1 = page.endGeneration() ? 1 : 0;
  }

  @Actor
  public void viewer(II_Result r) {
    r.r2 = page.share(marker, SHARED) ? 1 : 0;
  }
}
