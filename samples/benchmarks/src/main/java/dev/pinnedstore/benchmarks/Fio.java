package dev.pinnedstore.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The disk benchmark of that name, which is what others compare with. */
final class Fio {
  private static final Pattern RATE = Pattern.compile("\"iops\"\\s*:\\s*([0-9.]+)");

  private Fio() {}

  /** Whether it can be started. */
  static boolean isThere() {
    try {
      return new ProcessBuilder("fio", "--version").start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  static double operationsPerSecond(
      Path path,
      long bytes,
      String what,
      int block,
      String engine,
      int jobs,
      int depth,
      int seconds)
      throws IOException, InterruptedException {
    Process fio =
        new ProcessBuilder(
                List.of(
                    "fio",
                    "--name=reads",
                    "--filename=" + path,
                    "--size=" + bytes,
                    "--rw=" + what,
                    "--bs=" + block,
                    "--direct=1",
                    "--ioengine=" + engine,
                    "--numjobs=" + jobs,
                    "--iodepth=" + depth,
                    "--thread",
                    "--group_reporting",
                    "--norandommap",
                    "--randrepeat=0",
                    "--time_based",
                    "--runtime=" + seconds,
                    "--output-format=json"))
            .redirectErrorStream(true)
            .start();
    String printed = new String(fio.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Matcher rate = RATE.matcher(printed);
    // The first one is that of reads, and that of writes the first in their own part.
    int from = what.contains("write") ? Math.max(printed.indexOf("\"write\""), 0) : 0;
    if (fio.waitFor() != 0 || !rate.find(from)) {
      throw new IOException("fio failed: " + printed);
    }
    return Double.parseDouble(rate.group(1));
  }
}
