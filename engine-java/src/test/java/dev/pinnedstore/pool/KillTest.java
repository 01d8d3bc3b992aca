package dev.pinnedstore.pool;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process that is killed at any instant leaves whole pages: none older than what it said was
 * durable, none ahead of its log.
 */
class KillTest {
  @TempDir private Path directory;

  @Test
  void aKilledPoolLeavesWholePagesBehindItsLog() throws Exception {
    kill(4, 1);
  }

  @Test
  @Tag("slow")
  void aPoolKilledManyTimesLeavesWholePagesBehindItsLog() throws Exception {
    kill(120, System.nanoTime());
  }

  private void kill(int rounds, long seed) throws Exception {
    Path path = directory.resolve("pages");
    SplittableRandom random = new SplittableRandom(seed);
    long changes = 0;
    for (int round = 0; round < rounds; round++) {
      long durable = runAndKill(path, random.nextLong(), random.nextInt(40), round == 0);
      try {
        changes = check(path, durable);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed=" + seed + ", round=" + round + ": " + e.getMessage(), e);
      }
    }
    System.out.println(
        "kill -9 of a pool: " + rounds + " rounds, " + changes + " changes, " + seed);
    assertThat(changes).isGreaterThan(rounds);
  }

  /** Returns the LSN up to which the child said all was durable. */
  private static long runAndKill(Path path, long seed, int lines, boolean first) throws Exception {
    Process child = ChildPool.start(path, seed);
    long durable = 0;
    try (BufferedReader said =
        new BufferedReader(new InputStreamReader(child.getInputStream(), UTF_8))) {
      assertThat(said.readLine()).isEqualTo("ready");
      if (first) {
        assertThatThrownBy(() -> PageStorage.file(path)).isInstanceOf(PoolLockedException.class);
      }
      for (int i = 0; i < lines; i++) {
        durable = Long.parseLong(said.readLine());
      }
      child.toHandle().destroyForcibly();
      for (String line = said.readLine(); line != null; line = said.readLine()) {
        // The last line may be half of one, and so a smaller number.
        durable = Math.max(durable, line.isEmpty() ? 0 : Long.parseLong(line));
      }
    }
    child.waitFor();
    return durable;
  }

  /** Returns how many changes there were so far; does those again that the file does not have. */
  private static long check(Path path, long durable) throws Exception {
    try (ChildPool.Log log = new ChildPool.Log(ChildPool.logOf(path));
        BufferPool pool = ChildPool.open(path, log)) {
      List<Long> pages = log.pages();
      assertThat(durable).isLessThanOrEqualTo(pages.size());
      for (long id = 0; id < ChildPool.PAGES; id++) {
        long newest = pages.lastIndexOf(id) + 1L;
        long least = pages.subList(0, (int) durable).lastIndexOf(id) + 1L;
        try (PageGuard page = pool.pinExclusive(id)) {
          long lsn = ChildPool.lsnOf(page.segment());
          assertThat(lsn).as("page %d", id).isBetween(least, newest).isEqualTo(page.pageLsn());
          ChildPool.fill(page.segment(), newest);
          page.markDirty(newest);
        }
      }
      return pages.size();
    }
  }
}
