package dev.pinnedstore.store.shared;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** One change of one file of a namespace, as another process of the same user could make it. */
final class Mutation {
  private static final int[] WORDS = {
    0, 1, -1, 2, 31, 63, 64, 65, 4031, 4032, 4033, 4096, Integer.MAX_VALUE, Integer.MIN_VALUE
  };
  private static final int LONGEST_NOISE = 256;

  /** Of the lock file: its head, some slots and some entries of the chunk table. */
  private static final int[] LOCK_PARTS = {0, 16, 4096, 4096 + 32, 5120, 5120 + 32, 69632, 69664};

  private final SplittableRandom random;
  private final StringBuilder done = new StringBuilder();

  /** Whether it may have made bytes free that blobs have. */
  boolean freesBytes;

  Mutation(SplittableRandom random) {
    this.random = random;
  }

  /** The files of a namespace, in order. */
  static List<Path> files(String namespace) throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/dev/shm"))) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(namespace + "_"))
          .sorted()
          .toList();
    }
  }

  void apply(String namespace) throws IOException {
    List<Path> files = files(namespace);
    Path file = files.get(random.nextInt(files.size()));
    String name = file.getFileName().toString().substring(namespace.length() + 1);
    done.append(name).append(' ');
    switch (random.nextInt(20)) {
      case 0 -> cut(file);
      case 1 -> {
        long more = 1 + random.nextInt(100_000);
        Files.write(file, new byte[(int) more], StandardOpenOption.APPEND);
        done.append("longer by ").append(more);
      }
      case 2 -> replace(file);
      default -> {
        for (int i = random.nextInt(4); i >= 0; i--) {
          write(file, name);
        }
      }
    }
  }

  private void cut(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      long size = random.nextBoolean() ? 0 : random.nextLong(1 + channel.size());
      var _ = channel.truncate(size);
      // What is left of a page of memory reads as zeros, and nobody is told.
      freesBytes |= file.toString().contains("_data_");
      done.append("cut to ").append(size);
    }
  }

  private void replace(Path file) throws IOException {
    Path aside = Path.of(file + ".aside");
    Files.move(file, aside);
    switch (random.nextInt(4)) {
      case 0 -> {
        done.append("is a link to itself");
        var _ = Files.createSymbolicLink(file, aside);
      }
      case 1 -> {
        done.append("is a link to nothing");
        var _ = Files.createSymbolicLink(file, Path.of(file + ".nothing"));
      }
      case 2 -> {
        done.append("is a directory");
        var _ = Files.createDirectory(file);
      }
      default -> {
        done.append("is a pipe");
        pipe(file);
      }
    }
  }

  private static void pipe(Path file) throws IOException {
    try {
      int exit = new ProcessBuilder("mkfifo", file.toString()).start().waitFor();
      if (exit != 0) {
        throw new IOException("mkfifo: " + exit);
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private void write(Path file, String name) throws IOException {
    boolean isData = name.startsWith("data_");
    long size = Math.max(1, Files.size(file));
    int at =
        switch (name) {
          case "ctrl" -> random.nextInt(48);
          case "lock" -> LOCK_PARTS[random.nextInt(LOCK_PARTS.length)] + random.nextInt(64);
          // The header of a chunk; and records that there are.
          default -> random.nextInt((int) Math.min(size, isData ? 64 : 1400));
        };
    ByteBuffer bytes;
    switch (random.nextInt(4)) {
      case 0 -> bytes = ByteBuffer.wrap(new byte[] {(byte) random.nextInt()});
      case 1 -> {
        bytes = ByteBuffer.allocate(1 + random.nextInt(isData ? 64 : LONGEST_NOISE));
        random.nextBytes(bytes.array());
      }
      default -> {
        int word = WORDS[random.nextInt(WORDS.length)];
        bytes = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(0, word);
        at &= ~3;
      }
    }
    if (isData) {
      // The bytes of blobs are nobody's but the writer's.
      bytes.limit(Math.min(bytes.limit(), 64 - at));
      freesBytes |= at < 8;
    }
    freesBytes |= name.equals("ctrl") && at < 28;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      done.append(bytes.remaining()).append(" bytes at ").append(at).append("; ");
      var _ = channel.write(bytes, at);
    }
  }

  @Override
  public String toString() {
    return done.toString();
  }
}
