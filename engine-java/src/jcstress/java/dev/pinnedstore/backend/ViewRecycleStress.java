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
@Description(
    "A view of a blob whose page is recycled and written again shows its own bytes until it dies.")
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The blob is gone.")
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Its own bytes.")
@Outcome(id = "1, 2", expect = ACCEPTABLE, desc = "The view died while it was read.")
@Outcome(id = "1, -1", expect = FORBIDDEN, desc = "Bytes of its successor.")
@Outcome(expect = FORBIDDEN, desc = "The successor found no room or has no view.")
@State
public class ViewRecycleStress {
  private final SmallStore store = new SmallStore(1);
  private final Blob blob = store.append(SmallStore.PAGE, 1, 0);

  public ViewRecycleStress() {
    store.backend.openView(blob.pageId(), blob.offset(), blob.size());
  }

  @Actor
  public void recycler(II_Result r) {
    store.acknowledge(blob);
    Blob successor = store.append(SmallStore.PAGE, 2, 0);
    // Whoever looks for the view too late finds that of the successor.
    r.r1 = successor == null ? 0 : store.openView(successor);
  }

  @Actor
  public void reader(II_Result r) {
    r.r2 = store.view(blob);
  }
}
