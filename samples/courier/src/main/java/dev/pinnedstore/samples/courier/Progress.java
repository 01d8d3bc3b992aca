package dev.pinnedstore.samples.courier;

import java.time.Duration;
import java.util.Locale;

/** A progress bar, on a terminal only. For one thread. Closing it wipes it. */
final class Progress implements AutoCloseable {
  private static final int WIDTH = 30;
  private static final long REDRAW_NANOS = Duration.ofMillis(100).toNanos();

  private final Screen screen;
  private final String name;
  private final long totalBytes;
  private long doneBytes;
  private long drawnAt;

  Progress(Screen screen, String name, long totalBytes) {
    this.screen = screen;
    this.name = name;
    this.totalBytes = totalBytes;
    draw();
  }

  /** Says that so much more is done. */
  void advance(long bytes) {
    doneBytes += bytes;
    if (screen.isTerminal()
        && (doneBytes >= totalBytes || System.nanoTime() - drawnAt >= REDRAW_NANOS)) {
      draw();
    }
  }

  @Override
  public void close() {
    screen.clearBar();
  }

  private void draw() {
    drawnAt = System.nanoTime();
    screen.draw(line(name, doneBytes, totalBytes));
  }

  /** For example {@code segmented [##### ] 50 % of 3.0 MiB}; files may grow, so 100 at most. */
  static String line(String name, long doneBytes, long totalBytes) {
    double part = totalBytes == 0 ? 1 : Math.min(1, (double) doneBytes / totalBytes);
    int filled = (int) (part * WIDTH);
    return String.format(
        Locale.ROOT,
        "%s [%s%s] %3d %% of %s",
        name,
        "#".repeat(filled),
        " ".repeat(WIDTH - filled),
        (int) (part * 100),
        Units.bytes(totalBytes));
  }
}
