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
@Description("A blob that is published while the older ones of its page expire is never taken.")
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "It came in time to save the page.")
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The older one expired, the fresh one lives.")
@Outcome(expect = FORBIDDEN, desc = "The fresh blob is gone.")
@State
public class PublishExpireStress {
  private static final long TTL_MILLIS = 10;
  private static final long NOW_MILLIS = 11;
  private static final int SIZE = SmallStore.GRANULE;

  private final SmallStore store = new SmallStore(1, TTL_MILLIS);
  private final long place;
  private final Blob fresh;

  public PublishExpireStress() {
    // The sweep meets the fresh blob first.
    place = store.backend.reserve(SIZE, 0);
    store.append(SIZE, 1, 0);
    fresh = store.blob(place, new byte[SIZE], NOW_MILLIS);
    store.nanos.set(NOW_MILLIS * 1_000_000);
  }

  @Actor
  public void writer() {
    store.backend.publish(place, SIZE, NOW_MILLIS);
  }

  @Actor
  public void lifecycle(II_Result r) {
    r.r2 = store.backend.expire();
  }

  @Arbiter
  public void end(II_Result r) {
    r.r1 = store.check(fresh);
  }
}
