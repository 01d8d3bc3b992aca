package dev.pinnedstore.buffer;

import java.nio.file.OpenOption;

/** What {@link DirectFile#open} is told to leave out; it tries everything otherwise. */
public enum FileOption implements OpenOption {
  /** No direct I/O: the system's page cache is used, and nothing needs to be aligned. */
  BUFFERED,
  /** No io_uring, and no completion ports: asynchronous operations run on virtual threads. */
  VIRTUAL_THREADS
}
