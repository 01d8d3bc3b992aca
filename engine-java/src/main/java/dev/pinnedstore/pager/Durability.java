package dev.pinnedstore.pager;

/**
 * When a change of a pager is safe from a crash. Changes become durable in the order in which they
 * were made, so what a crash leaves is always the state after some change, and each bulk call is
 * there as a whole or not at all.
 *
 * <p>This is about which pages are in use, user roots, and committed protected pages. The bytes of
 * other pages are written with {@link Pager#flush(PageId)} and {@link Pager#sync()}.
 */
public enum Durability {
  /**
   * When the call returns. Costs one sync, two for protected pages; callers at the same time share
   * them.
   */
  SYNC,

  /**
   * Soon after the call returned: a thread of the pager commits all that has gathered, at the
   * latest after {@link PagerOptions#groupInterval()}, and any other commit takes it along.
   */
  GROUP,

  /** With the next commit that anybody asks for, or when the pager is closed. */
  NONE
}
