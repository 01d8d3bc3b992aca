package dev.pinnedstore.pager;

import java.util.List;

/**
 * What {@link Pager#verify()} found.
 *
 * @param pages pages in use, without protected pages and those that hold sub-pages
 * @param protectedPages protected pages in use
 * @param subPages sub-pages in use
 * @param problems what is wrong, one line each; empty if the file is sound
 */
public record VerifyReport(long pages, long protectedPages, long subPages, List<String> problems) {

  /**
   * Copies the list.
   *
   * @throws NullPointerException if it is null
   */
  public VerifyReport {
    problems = List.copyOf(problems);
  }
}
