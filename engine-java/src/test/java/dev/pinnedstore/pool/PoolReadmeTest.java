package dev.pinnedstore.pool;

import static dev.pinnedstore.pool.PoolTest.create;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pinnedstore.Readme;
import dev.pinnedstore.pool.SimulatedDisk.Fault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What README.md says of the pool's messages is so. */
class PoolReadmeTest {
  @TempDir private Path directory;
  private final Readme readme = Readme.read();

  @Test
  void everyMessageIsProvoked() {
    CountingStorage storage = new CountingStorage();
    AtomicLong log = new AtomicLong(5);
    BufferPool pool =
        BufferPool.builder()
            .storage(storage)
            .wal(log::get)
            .frames(1)
            .backgroundFlush(false)
            .pinTimeout(Duration.ZERO)
            .latchTimeout(Duration.ofMillis(1))
            .build();
    long id = create(pool, 9);
    Set<String> explained = new HashSet<>();
    explained.add(explanation(() -> pool.flush(id)));
    explained.add(explanation(() -> pool.pin(-1)));
    log.set(9);
    storage.failWrites = true;
    explained.add(explanation(() -> pool.flush(id)));
    storage.failWrites = false;
    PageGuard shared = pool.pin(id);
    explained.add(explanation(() -> shared.markDirty(1)));
    explained.add(explanation(pool::newPage));
    explained.add(explanation(() -> pool.pinExclusive(id)));
    shared.close();
    explained.add(explanation(shared::segment));
    long[] unpinned = new long[1];
    explained.add(explanation(() -> pool.unpin(unpinned, id, false, null)));
    storage.failSyncs = true;
    assertThat(catchThrowable(pool::flushAll)).isInstanceOf(PageIoException.class);
    explained.add(explanation(pool::flushAll));
    assertThat(catchThrowable(pool::close)).isInstanceOf(PageIoException.class);
    explained.add(explanation(() -> pool.pin(id)));
    BufferPool held = PoolTest.small(1).build();
    PageGuard open = held.newPage();
    open.markDirty(1);
    explained.add(explanation(held::close));
    open.close();
    explained.add(explanation(PoolReadmeTest::readDamage));
    Path file = directory.resolve("file");
    try (BufferPool _ = BufferPool.builder().file(file).frames(1).build()) {
      explained.add(explanation(() -> PageStorage.file(file)));
    }
    assertThat(readme.messages("The buffer pool")).containsExactlyInAnyOrderElementsOf(explained);
  }

  private static void readDamage() {
    SimulatedDisk disk = new SimulatedDisk(1, Fault.NONE);
    disk.file.write(7, new byte[SimulatedDisk.SECTOR]);
    disk.file.flip(100, 3);
    try (BufferPool pool = BufferPool.builder().storage(disk.storage()).frames(1).build()) {
      pool.pin(0).close();
    }
  }

  private String explanation(ThrowingCallable refusal) {
    String message = catchThrowable(refusal).getMessage();
    List<String> matching =
        readme.messages("The buffer pool").stream()
            .filter(text -> Readme.pattern(text).matcher(message).matches())
            .toList();
    assertThat(matching).as(message).hasSize(1);
    return matching.getFirst();
  }
}
