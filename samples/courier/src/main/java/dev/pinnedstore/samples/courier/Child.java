package dev.pinnedstore.samples.courier;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** A child process, and the pipes to it. One thread talks to it; any may kill it. */
final class Child {
  private static final int BUFFER_BYTES = 1 << 12;
  private static final long PATIENCE_SECONDS = 20;

  private final String name;
  private final Process process;
  private final DataInputStream in;
  private final DataOutputStream out;
  private volatile boolean useful;
  private volatile boolean killed;

  Child(String name, Process process) {
    this.name = name;
    this.process = process;
    this.in = new DataInputStream(new BufferedInputStream(process.getInputStream(), BUFFER_BYTES));
    this.out =
        new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), BUFFER_BYTES));
  }

  DataInputStream in() {
    return in;
  }

  DataOutputStream out() {
    return out;
  }

  /** Notes that it has done some work. */
  void setUseful() {
    useful = true;
  }

  /** Kills it if it has done some work: so killing ever so often does not stop the work. */
  boolean killIfUseful() {
    if (!useful || killed || !process.isAlive()) {
      return false;
    }
    kill();
    return true;
  }

  /** Kills it at once; it can do nothing about it. What it has written can still be read. */
  void kill() {
    killed = true;
    // Not Process.destroyForcibly(), which closes the pipes.
    var _ = process.toHandle().destroyForcibly();
  }

  /** Waits until it is dead. */
  void awaitDeath() {
    var _ = process.onExit().join();
  }

  /**
   * Waits for its end after its output has ended.
   *
   * @throws IOException unless it was killed, or ended well if that is what is expected
   */
  void awaitEnd(boolean expected) throws IOException {
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        kill();
        throw new IOException(name + " did not end within " + PATIENCE_SECONDS + " s");
      }
    } catch (InterruptedException e) {
      kill();
      throw new IOException(name + ": interrupted", e);
    }
    int code = process.exitValue();
    if (!killed && !(expected && code == 0)) {
      throw new IOException(name + " ended by itself with exit code " + code);
    }
  }
}
