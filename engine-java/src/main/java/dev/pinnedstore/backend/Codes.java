package dev.pinnedstore.backend;

/**
 * What a backend answers instead of throwing.
 *
 * <p>A reservation answers a place (zero or more, see {@link #place}) or one of the negative
 * refusals. A handle is answered by one of the states.
 */
public final class Codes {
  /** Refusal: {@code maxPages} pages hold memory and none can be reused. */
  public static final long FULL_PAGES = -1;

  /** Refusal: {@code maxBytes} are committed and nothing that is large enough can be reused. */
  public static final long FULL_BYTES = -2;

  /** Refusal: the operating system gave no memory; {@link StorageBackend#refusal} says why. */
  public static final long FULL_SYSTEM = -3;

  /** Refusal: the backend is closed. */
  public static final long CLOSED = -4;

  /** Refusal: the reserved range of addresses has no page left. */
  public static final long FULL_ADDRESSES = -5;

  /** Refusal: as many chunks are alive as may be. */
  public static final long FULL_CHUNKS = -7;

  /** A neighbouring page is in use; never leaves a backend. */
  static final long TAKEN = -6;

  /** State: the blob can be read. */
  public static final int LIVE = 0;

  /** State: the blob was acknowledged, its page is still of the same generation. */
  public static final int ACKNOWLEDGED = 1;

  /** State: the page was issued and its generation is past, or the blob has expired. */
  public static final int STALE = 2;

  /** State: no such handle was ever issued. */
  public static final int NEVER_ISSUED = 3;

  private Codes() {}

  /**
   * Packs a page and a byte offset in it into a place.
   *
   * @param pageId the page, of 31 bits
   * @param offset the offset, unsigned 32 bits
   * @return the place
   */
  public static long place(int pageId, long offset) {
    return ((long) pageId << 32) | offset;
  }

  /**
   * Returns the page of a place.
   *
   * @param place a place, zero or more
   * @return the page's id
   */
  public static int pageId(long place) {
    return (int) (place >>> 32);
  }

  /**
   * Returns the byte offset of a place as an unsigned 32-bit value.
   *
   * @param place a place, zero or more
   * @return the offset in the page, unsigned
   */
  public static int offset(long place) {
    return (int) place;
  }
}
