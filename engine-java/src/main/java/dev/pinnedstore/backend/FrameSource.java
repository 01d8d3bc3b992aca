package dev.pinnedstore.backend;

import dev.pinnedstore.os.MappingFailedException;

/** Where the memory of pages comes from. */
interface FrameSource {
  /**
   * Commits zeroed, resident memory for a page.
   *
   * @param pageId the page
   * @param dataBytes bytes of its data
   * @param entries words of its table
   * @throws MappingFailedException when the operating system refuses it; nothing is kept then
   */
  Frame commit(int pageId, long dataBytes, long entries) throws MappingFailedException;

  /**
   * Returns what a table takes.
   *
   * @param entries its words
   * @return bytes
   */
  long tableBytes(long entries);

  /**
   * Gives all memory back, for good. No view lives any more.
   *
   * @param frames what was committed and not given back
   * @return false when some thread is inside an access right now: call again
   */
  boolean close(Iterable<Frame> frames);
}
