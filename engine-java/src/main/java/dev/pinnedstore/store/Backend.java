package dev.pinnedstore.store;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Where a store keeps its bytes, with the settings that only that kind of memory has. Values:
 * immutable, equal when their settings are, safe for any thread.
 */
public sealed interface Backend permits Backend.Segmented, Backend.Virtual, Backend.Shared {

  /**
   * Returns the name of this kind of memory, the same word as its factory method.
   *
   * @return for example {@code segmented}
   */
  String name();

  /**
   * Returns the backend of fixed pages, each its own piece of memory in this process.
   *
   * @return the segmented backend
   */
  static Backend segmented() {
    return new Segmented();
  }

  /**
   * Returns the backend of pages side by side in a range of 1 TiB of addresses.
   *
   * @return the virtual backend
   */
  static Backend virtual() {
    return virtual(Virtual.DEFAULT_RESERVE_BYTES);
  }

  /**
   * Returns the backend of pages side by side in one range of addresses.
   *
   * @param reserveBytes the size of the range, a multiple of 2 MiB between 2 MiB and 2<sup>46</sup>
   *     bytes; addresses cost no memory
   * @return the virtual backend
   * @throws IllegalArgumentException when {@code reserveBytes} is anything else
   */
  static Backend virtual(long reserveBytes) {
    return new Virtual(reserveBytes);
  }

  /**
   * Returns the backend of chunks in files that processes share, with chunks of 32 MiB, no limit to
   * their number, in {@code /dev/shm}.
   *
   * @param namespace what the processes call it: 1 to 200 bytes of UTF-8 without a slash and NUL,
   *     not {@code .} or {@code ..}
   * @return the shared backend
   * @throws IllegalArgumentException when the name is anything else
   */
  static Shared shared(String namespace) {
    return new Shared(
        namespace, Shared.DEFAULT_CHUNK_SIZE, Shared.UNLIMITED, Shared.DEFAULT_DIRECTORY);
  }

  /**
   * Fixed pages, each its own piece of memory in this process. A blob that does not fit in what is
   * left of a page skips to the next one; a blob larger than a page gets a page of its own size.
   * Needs no native access. The page size is {@link StoreConfig#pageSize()}.
   */
  record Segmented() implements Backend {

    @Override
    public String name() {
      return "segmented";
    }

    /**
     * Returns the name of this backend; it has no settings.
     *
     * @return {@code segmented}
     */
    @Override
    public String toString() {
      return name();
    }
  }

  /**
   * Pages side by side in one reserved range of addresses that never moves. A blob goes on in the
   * next page where that one is not in use, so the growing edge has no gaps. Memory is committed
   * and given back page by page, with huge pages where pages are multiples of 2 MiB. Needs native
   * access: without it {@link PinnedStore#open} refuses and names the flag.
   *
   * @param reserveBytes the size of the range in bytes
   */
  record Virtual(long reserveBytes) implements Backend {

    static final long DEFAULT_RESERVE_BYTES = 1L << 40;

    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException when it is not a multiple of 2 MiB between 2 MiB and
     *     2<sup>46</sup> bytes
     */
    public Virtual {
      ConfigRules.reserveBytes(reserveBytes);
    }

    @Override
    public String name() {
      return "virtual";
    }

    /**
     * Returns the name of this backend and its setting.
     *
     * @return for example {@code virtual[reserveBytes=1099511627776]}
     */
    @Override
    public String toString() {
      return name() + "[reserveBytes=" + reserveBytes + "]";
    }
  }

  /**
   * Chunks in files under a directory in memory, that processes of one user share: JVMs, and those
   * of the Rust original, whose format it is. {@link PinnedStore#open} creates the namespace,
   * {@link PinnedStore#attach} joins it, {@link PinnedStore#openOrAttach} does the right one of
   * both. A blob is at most the chunk size less 64 bytes; one that does not fit in what is left of
   * a chunk goes to the next. Needs no native access.
   *
   * <p>All settings but the directory are those of whoever creates the namespace; who joins it
   * takes them from there, as it takes the TTL and {@link StoreConfig#maxBytes()}.
   *
   * @param namespace what the processes call it, and its files begin with
   * @param chunkSize bytes of a chunk file, 64 of them its header
   * @param maxChunks chunks that may be alive at a time, of whichever process; never more than
   *     4096, which is all that a namespace keeps count of
   * @param directory where the files are; a file system in memory, such as {@code /dev/shm}
   */
  record Shared(String namespace, long chunkSize, long maxChunks, Path directory)
      implements Backend {

    static final long DEFAULT_CHUNK_SIZE = 32L << 20;
    static final long UNLIMITED = Long.MAX_VALUE;
    static final Path DEFAULT_DIRECTORY = Path.of("/dev/shm");

    /**
     * Checks the settings.
     *
     * @throws IllegalArgumentException when the name is not legal, {@code chunkSize} not between 65
     *     and 2<sup>32</sup> - 1 bytes, or {@code maxChunks} less than 1
     */
    public Shared {
      ConfigRules.namespace(namespace);
      ConfigRules.chunkSize(chunkSize);
      ConfigRules.maxChunks(maxChunks);
      Objects.requireNonNull(directory, "directory");
    }

    /**
     * Returns the same with another chunk size.
     *
     * @param bytes of a chunk file, 65 to 2<sup>32</sup> - 1
     * @return the backend
     * @throws IllegalArgumentException when {@code bytes} is anything else
     */
    public Shared chunkSize(long bytes) {
      return new Shared(namespace, bytes, maxChunks, directory);
    }

    /**
     * Returns the same with another limit of the chunks that may be alive at a time.
     *
     * @param chunks at least 1
     * @return the backend
     * @throws IllegalArgumentException when {@code chunks} is less
     */
    public Shared maxChunks(long chunks) {
      return new Shared(namespace, chunkSize, chunks, directory);
    }

    /**
     * Returns the same in another directory.
     *
     * @param directory where the files are
     * @return the backend
     */
    public Shared directory(Path directory) {
      return new Shared(namespace, chunkSize, maxChunks, directory);
    }

    @Override
    public String name() {
      return "shared";
    }

    /**
     * Returns the name of this backend and its settings.
     *
     * @return for example {@code shared[namespace=orders, chunkSize=33554432, ...]}
     */
    @Override
    public String toString() {
      return name()
          + "[namespace="
          + namespace
          + ", chunkSize="
          + chunkSize
          + ", maxChunks="
          + (maxChunks == UNLIMITED ? "unlimited" : maxChunks)
          + ", directory="
          + directory
          + "]";
    }
  }
}
