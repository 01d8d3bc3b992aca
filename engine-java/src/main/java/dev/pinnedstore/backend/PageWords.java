package dev.pinnedstore.backend;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The two words of a page that threads write often, each on cache lines of its own: writers change
 * one, acknowledging readers the other.
 *
 * <p>The virtual machine lays out a superclass before its subclass, so padding by inheritance
 * holds.
 */
final class PageWords {
  static final VarHandle RESERVE = handle(ReserveWord.class, "reserve");
  static final VarHandle LIVE = handle(LiveWord.class, "live");

  private PageWords() {}

  private static VarHandle handle(Class<?> type, String name) {
    try {
      return MethodHandles.lookup().findVarHandle(type, name, long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings("unused")
  abstract static class BeforeReserve {
    private long a0;
    private long a1;
    private long a2;
    private long a3;
    private long a4;
    private long a5;
    private long a6;
    private long a7;
  }

  abstract static class ReserveWord extends BeforeReserve {
    /** {@link ReserveLayout}. */
    volatile long reserve = ReserveLayout.SEALED;
  }

  @SuppressWarnings("unused")
  abstract static class BeforeLive extends ReserveWord {
    private long b0;
    private long b1;
    private long b2;
    private long b3;
    private long b4;
    private long b5;
    private long b6;
    private long b7;
  }

  abstract static class LiveWord extends BeforeLive {
    /** Entries that are counted here and not yet acknowledged; see {@link Page}. */
    volatile long live;
  }

  @SuppressWarnings("unused")
  abstract static class Padded extends LiveWord {
    private long c0;
    private long c1;
    private long c2;
    private long c3;
    private long c4;
    private long c5;
    private long c6;
    private long c7;
  }
}
