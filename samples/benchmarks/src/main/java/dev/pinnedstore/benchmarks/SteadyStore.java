package dev.pinnedstore.benchmarks;

import dev.pinnedstore.store.PinnedStore;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A store with the default settings and a running lifecycle. */
@State(Scope.Benchmark)
public class SteadyStore {
  /** Where the bytes live. */
  @Param({"segmented", "virtual", "shared"})
  public String backend = "";

  PinnedStore store;

  /** Ends what uses the store; JMH may end states in any order. */
  private Runnable user = () -> {};

  void closeAfter(Runnable user) {
    this.user = user;
  }

  /** Opens it. */
  @Setup
  public void open() {
    store = PinnedStore.open(Sources.config(backend).build());
    store.startLifecycle();
  }

  /** Closes it, and its lifecycle with it. */
  @TearDown
  public void close() {
    user.run();
    store.close();
  }
}
