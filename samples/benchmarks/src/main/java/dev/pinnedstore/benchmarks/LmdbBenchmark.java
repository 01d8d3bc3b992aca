package dev.pinnedstore.benchmarks;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.lmdbjava.ByteArrayProxy;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.Txn;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * LMDB through lmdbjava, where it has the operations of {@link PagerBenchmark}: a key put and one
 * deleted, each a durable transaction; a thousand of them in one; a value found. It keeps keys in
 * order, which the pager does not; values are 16 bytes here, so that it copies no pages of data.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class LmdbBenchmark {
  private static final int BULK = 1000;
  private static final long MAP_BYTES = 8L << 30;

  /** Where the file is. */
  @Param({"TMPFS", "DISK"})
  public Medium medium;

  /** Keys in the database. */
  @Param("1000")
  public int live;

  private final byte[] value = new byte[16];
  private Path directory;
  private Env<byte[]> env;
  private Dbi<byte[]> database;
  private int next;

  /** Makes the database. */
  @Setup
  public void create() throws IOException {
    directory = medium.directory();
    open();
    try (Txn<byte[]> txn = env.txnWrite()) {
      for (int i = 0; i < live; i++) {
        database.put(txn, key(i), value);
      }
      txn.commit();
    }
  }

  private void open() {
    File file = directory.toFile();
    env = Env.create(ByteArrayProxy.PROXY_BA).setMapSize(MAP_BYTES).open(file, new EnvFlags[0]);
    database = env.openDbi((String) null, DbiFlags.MDB_CREATE);
  }

  /** Deletes it. */
  @TearDown
  public void delete() throws IOException {
    env.close();
    Medium.delete(directory);
  }

  private static byte[] key(int number) {
    return ByteBuffer.allocate(8).putLong(number).array();
  }

  /** One key put and deleted, each durable when it returns. */
  @Benchmark
  public void pairSync() {
    byte[] key = key(live);
    try (Txn<byte[]> txn = env.txnWrite()) {
      database.put(txn, key, value);
      txn.commit();
    }
    try (Txn<byte[]> txn = env.txnWrite()) {
      database.delete(txn, key);
      txn.commit();
    }
  }

  /** Keys put in one transaction and deleted in another, per key. */
  @Benchmark
  @OperationsPerInvocation(BULK)
  public void bulkPair() {
    try (Txn<byte[]> txn = env.txnWrite()) {
      for (int i = 0; i < BULK; i++) {
        database.put(txn, key(live + i), value);
      }
      txn.commit();
    }
    try (Txn<byte[]> txn = env.txnWrite()) {
      for (int i = 0; i < BULK; i++) {
        database.delete(txn, key(live + i));
      }
      txn.commit();
    }
  }

  /** Finds a value. */
  @Benchmark
  public byte[] get() {
    try (Txn<byte[]> txn = env.txnRead()) {
      return database.get(txn, key(next++ & 255));
    }
  }

  /** Finds a value anywhere, in an order without an order. */
  @Benchmark
  public byte[] getAnywhere() {
    try (Txn<byte[]> txn = env.txnRead()) {
      return database.get(txn, key((int) ((next++ & 0xFFFF_FFFFL) * 0x9E37_79B1L % live)));
    }
  }

  /** Closes and opens the database. */
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  @OutputTimeUnit(TimeUnit.MICROSECONDS)
  @Warmup(iterations = 5)
  @Measurement(iterations = 20)
  public void reopen() {
    env.close();
    open();
  }
}
