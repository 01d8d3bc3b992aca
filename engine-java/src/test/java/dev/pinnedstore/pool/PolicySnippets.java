package dev.pinnedstore.pool;

import java.util.HashSet;
import java.util.Set;

/** The example in the documentation of {@link EvictionPolicy}. */
public final class PolicySnippets {
  private PolicySnippets() {}

  /** Returns how many references of a trace find their page, after so many that do not count. */
  public static long replay(EvictionPolicy policy, int capacity, int[] trace, int warmUp) {
    long hits = 0;
    // @start region="replay"
    policy.capacity(capacity);
    Set<Long> resident = new HashSet<>();
    for (int i = 0; i < trace.length; i++) {
      long page = trace[i];
      if (resident.contains(page)) {
        policy.hit(page);
        hits += i < warmUp ? 0 : 1;
      } else {
        if (resident.size() == capacity) {
          resident.remove(policy.evict(candidate -> true));
        }
        policy.load(page);
        resident.add(page);
      }
    }
    // @end
    return hits;
  }
}
