package dev.pinnedstore.backend;

/**
 * What a backend tells of its pages, on the thread on which it happens.
 *
 * <p>Called once per page, never per blob; an implementation returns quickly and throws nothing.
 */
public interface BackendEvents {
  /**
   * The lifecycle made a page ready.
   *
   * @param pageId the page
   * @param bytes its size
   * @param nanos how long that took
   */
  void pageMade(int pageId, long bytes, long nanos);

  /**
   * A writer had to make a page itself.
   *
   * @param pageId the page
   * @param bytes its size
   * @param nanos how long the writer stood still
   */
  void stalled(int pageId, long bytes, long nanos);

  /**
   * The last blob of a page was acknowledged.
   *
   * @param pageId the page
   * @param bytes its size
   */
  void pageEmptied(int pageId, long bytes);

  /**
   * Pages were emptied, or may be once views have died: who waits for room may find some. Called
   * when the calling thread holds no page.
   *
   * @param bytes how much, in bytes
   */
  void roomMayCome(long bytes);

  /**
   * An emptied page is ready again.
   *
   * @param pageId the page
   * @param bytes its size
   */
  void pageReused(int pageId, long bytes);

  /**
   * A page's memory went back to the operating system.
   *
   * @param pageId the page
   * @param bytes its size
   */
  void pageGivenBack(int pageId, long bytes);

  /**
   * The blobs of a page expired.
   *
   * @param pageId the page
   * @param bytes its size
   */
  void pageExpired(int pageId, long bytes);

  /** What a process left that died with a part in the backend was put in order. */
  void ownerRecovered();
}
