package dev.pinnedstore.buffer;

import dev.pinnedstore.os.FileControl;
import dev.pinnedstore.os.FileIo;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * One read or write until it is whole. Goes on after a short one and after a signal, of which each
 * ends one attempt; one that ended inside a block begins that block again, since direct I/O can
 * begin nowhere else. Attempts that move nothing, which the system may ask to make again, are
 * bounded. For one thread at a time.
 */
final class Transfer {
  /** Attempts in a row that may move nothing before that is an error. */
  static final int MAX_STALLS = 16;

  private final Parts parts;
  private final long position;
  private final boolean read;
  private final int alignment;

  private long done;

  /** The part where the rest begins, and how many of its bytes are done. */
  private int first;

  private long skip;
  private int stalls;

  Transfer(Parts parts, long position, boolean read, int alignment) {
    this.parts = parts;
    this.position = position;
    this.read = read;
    this.alignment = alignment;
  }

  boolean isRead() {
    return read;
  }

  Parts parts() {
    return parts;
  }

  /** Where it all begins in the file. */
  long start() {
    return position;
  }

  /** Where the rest begins in the file. */
  long position() {
    return position + done;
  }

  /** The memory of the rest. */
  MemorySegment[] rest(int most) {
    return parts.from(first, skip, most);
  }

  /** Runs to the end on this thread. */
  @SuppressWarnings("ThreadPriorityCheck") // Nothing depends on what the yield does.
  long run(FileIo io, FileControl control) throws IOException {
    boolean ended;
    do {
      long before = done;
      MemorySegment[] rest = rest(io.maxParts());
      long result = read ? io.read(rest, position()) : io.write(rest, position());
      ended = advance(result, control);
      if (!ended && done == before) {
        // Whatever the system is short of others may give back.
        Thread.yield();
      }
    } while (!ended);
    return result();
  }

  /** Takes what one attempt returned; true if that was the last one. */
  boolean advance(long result, FileControl control) throws IOException {
    if (result == FileIo.INTERRUPTED) {
      return false;
    }
    if (result == FileIo.END) {
      return true;
    }
    long whole = done + result;
    if (whole < parts.bytes()) {
      whole -= whole % alignment;
      if (read && whole < done + result && position + done + result >= control.size()) {
        // The end of the file, which is no multiple.
        done += result;
        return true;
      }
    }
    stalls = whole == done ? stalls + 1 : 0;
    if (stalls == MAX_STALLS) {
      throw new IOException(
          "nothing was " + (read ? "read" : "written") + " in " + MAX_STALLS + " attempts");
    }
    moved(whole - done);
    return done == parts.bytes();
  }

  private void moved(long bytes) {
    done += bytes;
    skip += bytes;
    while (skip > 0 && skip >= parts.bytesOf(first)) {
      skip -= parts.bytesOf(first++);
    }
  }

  /** The bytes moved; {@link FileIo#END} if the file ended before the first. */
  long result() {
    return done == 0 ? FileIo.END : done;
  }
}
