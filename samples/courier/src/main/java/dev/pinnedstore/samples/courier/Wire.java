package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreConfig;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.nio.file.Path;
import java.time.Duration;

/**
 * What goes through the pipes between the courier and its children, big endian.
 *
 * <pre>
 *  to the producer      orders ({@link Orders}); the end of the stream means: stop soon
 *  from the producer    BLOB        file i32, piece i32, checksum i32, append ns i64, waits i32,
 *                                   handle 24
 *                       SENT        file i32
 *                       UNREADABLE  file i32, reason UTF
 *                       END
 *  to a consumer        VERIFY      handle 24
 *                       ACKNOWLEDGE handle 24
 *  from a consumer      COPIED      checksum i32     for VERIFY, before it acknowledges
 *                       GONE                         for VERIFY, the blob is not there
 *                       FIRST or AGAIN               for both, once it has acknowledged
 * </pre>
 *
 * <p>Every message is flushed by itself. A consumer that is killed between its two answers has
 * verified the blob and perhaps acknowledged it, so the next one is asked to acknowledge only.
 */
final class Wire {
  static final int BLOB = 1;
  static final int SENT = 2;
  static final int UNREADABLE = 3;
  static final int END = 4;
  static final int VERIFY = 5;
  static final int ACKNOWLEDGE = 6;
  static final int COPIED = 7;
  static final int GONE = 8;
  static final int FIRST = 9;
  static final int AGAIN = 10;

  /** Short, as room that other processes make is noticed in a cycle. */
  static final Duration INTERVAL = Duration.ofMillis(2);

  private static final int BUFFER_BYTES = 1 << 12;

  private Wire() {}

  /** Attaches a child to the store that its command line names: namespace, directory, decay. */
  static PinnedStore attach(String[] args) {
    StoreConfig config =
        StoreConfig.builder()
            .backend(Backend.shared(args[0]).directory(Path.of(args[1])))
            .decayTimeout(Duration.parse(args[2]))
            .build();
    return PinnedStore.attach(args[0], config);
  }

  /** The standard input of a child. */
  static DataInputStream in() {
    return new DataInputStream(new BufferedInputStream(System.in, BUFFER_BYTES));
  }

  /** The standard output of a child; what anybody prints goes to standard error from now on. */
  static DataOutputStream out() {
    System.setOut(System.err);
    return new DataOutputStream(
        new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER_BYTES));
  }
}
