package dev.pinnedstore.os;

/** The size of a mapping, checked. */
record Extent(long dataBytes, long extraBytes) {
  /** Two of these still add up to a long. */
  static final long MAX_BYTES = 1L << 61;

  Extent {
    int page = Machine.pageBytes();
    if (dataBytes < page || dataBytes > MAX_BYTES || dataBytes % page != 0) {
      throw new IllegalArgumentException(
          "dataBytes="
              + dataBytes
              + ": must be a multiple of "
              + page
              + " between "
              + page
              + " and "
              + MAX_BYTES
              + " bytes");
    }
    if (extraBytes < 0 || extraBytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          "extraBytes=" + extraBytes + ": must be between 0 and " + MAX_BYTES + " bytes");
    }
  }

  long totalBytes() {
    return dataBytes + extraBytes;
  }
}
