package dev.pinnedstore.store;

/**
 * Where a store keeps its bytes, with the settings that only that kind of memory has. Values:
 * immutable, equal when their settings are, safe for any thread.
 */
public sealed interface Backend permits Backend.Segmented, Backend.Virtual {

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
   * Returns the backend of pages side by side in a range of 1 TiB of addresses.
   *
   * @return the virtual backend
   */
  static Backend virtual() {
    return virtual(Virtual.DEFAULT_RESERVE_BYTES);
  }

  /**
   * Returns the backend of pages side by side in one range of addresses.
   *
   * @param reserveBytes the size of the range, a multiple of 2 MiB between 2 MiB and 2<sup>46</sup>
   *     bytes; addresses cost no memory
   * @return the virtual backend
   * @throws IllegalArgumentException when {@code reserveBytes} is anything else
   */
  static Backend virtual(long reserveBytes) {
    return new Virtual(reserveBytes);
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

  /**
   * Pages side by side in one reserved range of addresses that never moves. A blob goes on in the
   * next page where that one is not in use, so the growing edge has no gaps. Memory is committed
   * and given back page by page, with huge pages where pages are multiples of 2 MiB. Needs native
   * access: without it {@link PinnedStore#open} refuses and names the flag.
   *
   * @param reserveBytes the size of the range in bytes
   */
  record Virtual(long reserveBytes) implements Backend {

    static final long DEFAULT_RESERVE_BYTES = 1L << 40;

    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException when it is not a multiple of 2 MiB between 2 MiB and
     *     2<sup>46</sup> bytes
     */
    public Virtual {
      ConfigRules.reserveBytes(reserveBytes);
    }

    @Override
    public String name() {
      return "virtual";
    }

    /**
     * Returns the name of this backend and its setting.
     *
     * @return for example {@code virtual[reserveBytes=1099511627776]}
     */
    @Override
    public String toString() {
      return name() + "[reserveBytes=" + reserveBytes + "]";
    }
  }
}
