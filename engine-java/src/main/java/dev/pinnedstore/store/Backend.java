package dev.pinnedstore.store;

/**
 * Where a store keeps its bytes, with the settings that only that kind of memory has. Values:
 * immutable, equal when their settings are, safe for any thread.
 */
public sealed interface Backend permits Backend.Segmented {

  /**
   * Returns the name of this kind of memory, the same word as its factory method.
   *
   * @return for example {@code segmented}
   */
  String name();

  /**
   * Returns the backend of fixed pages, each its own piece of memory in this process.
   *
   * @return the segmented backend
   */
  static Backend segmented() {
    return new Segmented();
  }

  /**
   * Fixed pages, each its own piece of memory in this process. A blob that does not fit in what is
   * left of a page skips to the next one; a blob larger than a page gets a page of its own size.
   * Needs no native access. The page size is {@link StoreConfig#pageSize()}.
   */
  record Segmented() implements Backend {

    @Override
    public String name() {
      return "segmented";
    }

    /**
     * Returns the name of this backend; it has no settings.
     *
     * @return {@code segmented}
     */
    @Override
    public String toString() {
      return name();
    }
  }
}
