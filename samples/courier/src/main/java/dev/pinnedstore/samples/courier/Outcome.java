package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.StoreConfig;
import dev.pinnedstore.store.StoreStats;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What came of one delivery.
 *
 * @param config how the store was set
 * @param files how many files were sent
 * @param bytes how many bytes were sent
 * @param blobs how many pieces were appended
 * @param verifiedBlobs how many of them arrived as they were sent
 * @param incompleteFiles files of which not every byte that was sent was verified
 * @param unreadable how many files and directories could not be read
 * @param nanos from the first read to the last acknowledgement, in ns
 * @param appendNanos what single appends took, in ns
 * @param waits how often the sender waited for room in the store
 * @param stats the store's figures once idle pages had gone back
 * @param timeline what the store held and what happened to its pages meanwhile
 * @param processes what became of the child processes; null where there were none
 */
record Outcome(
    StoreConfig config,
    int files,
    long bytes,
    long blobs,
    long verifiedBlobs,
    int incompleteFiles,
    int unreadable,
    long nanos,
    Histogram appendNanos,
    long waits,
    StoreStats stats,
    Timeline timeline,
    @Nullable Processes processes) {

  /** Whether all that was sent arrived as it was sent. */
  boolean isComplete() {
    return isVerified() && filesLeft() == 0;
  }

  private boolean isVerified() {
    return blobs == verifiedBlobs && incompleteFiles == 0;
  }

  private int filesLeft() {
    return processes == null ? 0 : processes.filesLeft();
  }

  String backend() {
    return config.backend().name();
  }

  /** Says what is missing where {@link #isComplete()} is false. */
  String failure() {
    if (isVerified()) {
      return backend() + ": " + Units.count(filesLeft()) + " files are left of the store";
    }
    return backend()
        + ": "
        + Units.count(blobs - verifiedBlobs)
        + " of "
        + Units.count(blobs)
        + " blobs did not verify, in "
        + Units.count(incompleteFiles)
        + " of "
        + Units.count(files)
        + " files";
  }
}
