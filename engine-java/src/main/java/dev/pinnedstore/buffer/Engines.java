package dev.pinnedstore.buffer;

import dev.pinnedstore.os.AsyncIo;
import dev.pinnedstore.os.AsyncOperation;
import dev.pinnedstore.os.OpenFile;
import dev.pinnedstore.os.ThreadsIo;

/** What carries the asynchronous operations of one file out; made when the first one comes. */
final class Engines {
  private final AsyncIo threads;

  Engines(OpenFile file) {
    this.threads = new ThreadsIo(file.virtual());
  }

  void start(AsyncOperation operation) {
    threads.start(operation);
  }

  void close() {
    threads.close();
  }
}
