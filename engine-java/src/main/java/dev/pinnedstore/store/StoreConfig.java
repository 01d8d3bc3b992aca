package dev.pinnedstore.store;

import dev.pinnedstore.os.Machine;
import dev.pinnedstore.os.NativeTier;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a store behaves. Immutable, safe for any thread, equal when all settings are.
 *
 * <table>
 *   <caption>Presets; what they do not name is as in {@link #defaults()}</caption>
 *   <tr><th>preset</th><th>backend</th><th>page size</th><th>prefetch</th><th>decay</th></tr>
 *   <tr><td>{@link #defaults()}</td><td>segmented</td><td>1 MiB</td><td>0.80</td><td>5 s</td></tr>
 *   <tr><td>{@link #performance()}</td><td>virtual</td><td>2 MiB</td><td>0.80</td><td>7 s</td></tr>
 *   <tr><td>{@link #memoryEfficient()}</td><td>segmented</td><td>512 KiB</td><td>0.90</td>
 *       <td>1 s</td></tr>
 * </table>
 */
public final class StoreConfig {

  private final Backend backend;
  private final long pageSize;
  private final boolean pageSizeIsSet;
  private final double prefetchThreshold;
  private final Duration decayTimeout;
  private final boolean ttlIsSet;
  private final Optional<Duration> ttl;
  private final int maxPages;
  private final boolean maxPagesIsSet;
  private final long maxBytes;
  private final Ticker clock;

  private StoreConfig(Builder builder) {
    backend = builder.backend;
    pageSize = builder.pageSize;
    pageSizeIsSet = builder.pageSizeIsSet;
    prefetchThreshold = builder.prefetchThreshold;
    decayTimeout = builder.decayTimeout;
    ttlIsSet = builder.ttlIsSet;
    ttl = builder.ttl;
    maxPages = builder.maxPages;
    maxPagesIsSet = builder.maxPagesIsSet;
    maxBytes = builder.maxBytes;
    clock = builder.clock;
  }

  /** {@return a new builder that begins with {@link #defaults()}} */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns the middle way: segmented, pages of 1 MiB, the next one made ready at 80 %, empty ones
   * kept for 5 s, nothing expires, no page limit, at most half of the memory that this process may
   * use.
   *
   * @return the settings of a new builder
   */
  public static StoreConfig defaults() {
    return builder().build();
  }

  /**
   * Returns settings for speed: virtual, pages of 2 MiB, the size of a huge page, that are kept for
   * 7 s once empty. Where native access is not granted the same pages are segmented, and the store
   * says so in the log. A page that a single live blob holds costs twice as much as with {@link
   * #defaults()}.
   *
   * @return the settings
   */
  public static StoreConfig performance() {
    boolean granted = NativeTier.current() == NativeTier.GRANTED;
    return builder()
        .backend(granted ? Backend.virtual() : Backend.segmented())
        .pageSize(2L << 20)
        .decayTimeout(Duration.ofSeconds(7))
        .preset();
  }

  /**
   * Returns settings for little memory: pages of 512 KiB, the next one made ready at 90 %, empty
   * ones kept for 1 s.
   *
   * @return the settings
   */
  public static StoreConfig memoryEfficient() {
    return builder()
        .pageSize(512L << 10)
        .prefetchThreshold(0.90)
        .decayTimeout(Duration.ofSeconds(1))
        .preset();
  }

  /** {@return a new builder that begins with these settings; what is unset stays unset} */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** These settings on a shared backend, whose chunk size is not known yet. */
  StoreConfig on(Backend.Shared shared) {
    Builder builder = toBuilder().backend(shared);
    builder.pageSizeIsSet = false;
    builder.maxPagesIsSet = false;
    builder.maxBytes = Math.max(builder.maxBytes, shared.chunkSize());
    return builder.build();
  }

  /** {@return where the bytes live} */
  public Backend backend() {
    return backend;
  }

  /**
   * {@return the size of a page in bytes; a larger blob gets a page of its own size, or several; a
   * shared backend has a chunk size instead}
   */
  public long pageSize() {
    return pageSize;
  }

  /** {@return the fraction of a page at which, at the latest, the next one is made ready} */
  public double prefetchThreshold() {
    return prefetchThreshold;
  }

  /** {@return how long after its last acknowledgement an empty page is kept for reuse} */
  public Duration decayTimeout() {
    return decayTimeout;
  }

  /**
   * {@return the age of its newest blob at which a page expires; empty when nothing expires, and
   * when it is unset, which means 30 s where processes share a namespace}
   */
  public Optional<Duration> ttl() {
    return ttl;
  }

  /** Whether {@link #ttl()} was chosen, a value or none; if not, a backend may have its own. */
  boolean ttlIsSet() {
    return ttlIsSet;
  }

  /** {@return how many pages may hold memory; {@link Integer#MAX_VALUE} means unlimited} */
  public int maxPages() {
    return maxPages;
  }

  /** {@return how much memory the pages may hold, in bytes} */
  public long maxBytes() {
    return maxBytes;
  }

  /** {@return the clock of decay and TTL} */
  public Ticker clock() {
    return clock;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof StoreConfig that
        && backend.equals(that.backend)
        && pageSize == that.pageSize
        && Double.compare(prefetchThreshold, that.prefetchThreshold) == 0
        && decayTimeout.equals(that.decayTimeout)
        && ttlIsSet == that.ttlIsSet
        && ttl.equals(that.ttl)
        && maxPages == that.maxPages
        && maxBytes == that.maxBytes
        && clock.equals(that.clock);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        backend,
        pageSize,
        prefetchThreshold,
        decayTimeout,
        ttlIsSet,
        ttl,
        maxPages,
        maxBytes,
        clock);
  }

  /**
   * Returns the settings by name, sizes in bytes.
   *
   * @return the settings on one line
   */
  @Override
  public String toString() {
    return "StoreConfig[backend="
        + backend
        + ", pageSize="
        + pageSize
        + ", prefetchThreshold="
        + prefetchThreshold
        + ", decayTimeout="
        + decayTimeout
        + ", ttl="
        + ttl.map(Duration::toString).orElse(ttlIsSet ? "none" : "unset")
        + ", maxPages="
        + maxPages
        + ", maxBytes="
        + maxBytes
        + ", clock="
        + clock
        + "]";
  }

  /** Builds a {@link StoreConfig}. Not safe for threads; may be used on after {@link #build()}. */
  public static final class Builder {

    private Backend backend = Backend.segmented();
    private long pageSize = 1L << 20;
    private boolean pageSizeIsSet;
    private double prefetchThreshold = 0.80;
    private Duration decayTimeout = Duration.ofSeconds(5);
    private boolean ttlIsSet;
    private Optional<Duration> ttl = Optional.empty();
    private int maxPages = Integer.MAX_VALUE;
    private boolean maxPagesIsSet;
    private long maxBytes = Machine.memoryLimitBytes() / 2;
    private Ticker clock = Ticker.system();

    private Builder() {}

    private Builder(StoreConfig config) {
      backend = config.backend;
      pageSize = config.pageSize;
      pageSizeIsSet = config.pageSizeIsSet;
      prefetchThreshold = config.prefetchThreshold;
      decayTimeout = config.decayTimeout;
      ttlIsSet = config.ttlIsSet;
      ttl = config.ttl;
      maxPages = config.maxPages;
      maxPagesIsSet = config.maxPagesIsSet;
      maxBytes = config.maxBytes;
      clock = config.clock;
    }

    /**
     * Sets where the bytes live. Default: {@link Backend#segmented()}.
     *
     * @param backend the backend
     * @return this builder
     */
    public Builder backend(Backend backend) {
      this.backend = Objects.requireNonNull(backend, "backend");
      return this;
    }

    /**
     * Sets the size of a page. Default: 1 MiB.
     *
     * @param bytes a multiple of 4096 between 4096 and 2<sup>30</sup> bytes
     * @return this builder
     * @throws IllegalArgumentException when {@code bytes} is anything else
     */
    public Builder pageSize(long bytes) {
      pageSize = ConfigRules.pageSize(bytes);
      pageSizeIsSet = true;
      return this;
    }

    /**
     * Sets how full a page is when the next one is made ready, at the latest: it is made ready
     * earlier while a writer fills pages faster than one can be made. Default: 0.80.
     *
     * @param threshold a fraction of the page between 0.1 and 1.0
     * @return this builder
     * @throws IllegalArgumentException when {@code threshold} is anything else
     */
    public Builder prefetchThreshold(double threshold) {
      prefetchThreshold = ConfigRules.prefetchThreshold(threshold);
      return this;
    }

    /**
     * Sets how long an empty page is kept for reuse before its memory goes back to the operating
     * system, counted from its last acknowledgement. Default: 5 s.
     *
     * @param timeout between 1 ms and 365 days
     * @return this builder
     * @throws IllegalArgumentException when {@code timeout} is anything else
     */
    public Builder decayTimeout(Duration timeout) {
      decayTimeout = ConfigRules.duration("decayTimeout", timeout);
      return this;
    }

    /**
     * Lets the blobs of a page expire when its newest one reaches this age. Default: unset, and
     * nothing expires in a store within one process.
     *
     * @param ttl between 1 ms and 365 days
     * @return this builder
     * @throws IllegalArgumentException when {@code ttl} is anything else
     */
    public Builder ttl(Duration ttl) {
      this.ttl = Optional.of(ConfigRules.duration("ttl", ttl));
      ttlIsSet = true;
      return this;
    }

    /**
     * Lets nothing expire, whatever the backend does when the TTL is unset.
     *
     * @return this builder
     */
    public Builder noTtl() {
      ttl = Optional.empty();
      ttlIsSet = true;
      return this;
    }

    /**
     * Sets how many pages may hold memory at a time. Default: {@link Integer#MAX_VALUE}, which
     * means unlimited.
     *
     * @param pages at least 1
     * @return this builder
     * @throws IllegalArgumentException when {@code pages} is less
     */
    public Builder maxPages(int pages) {
      maxPages = ConfigRules.maxPages(pages);
      maxPagesIsSet = true;
      return this;
    }

    /**
     * Sets how much memory the pages may hold at a time. Default: half of the memory that this
     * process may use, as read when the builder was made.
     *
     * @param bytes at least the page size, which {@link #build()} checks, and at least 4096 bytes
     * @return this builder
     * @throws IllegalArgumentException when {@code bytes} is less than 4096
     */
    public Builder maxBytes(long bytes) {
      maxBytes = ConfigRules.maxBytes(bytes);
      return this;
    }

    /**
     * Sets the clock of decay and TTL. Default: {@link Ticker#system()}.
     *
     * @param clock the clock, safe for any thread
     * @return this builder
     */
    public Builder clock(Ticker clock) {
      this.clock = Objects.requireNonNull(clock, "clock");
      return this;
    }

    /** The settings made so far; a page size that nobody chose stands in nobody's way. */
    private StoreConfig preset() {
      pageSizeIsSet = false;
      return build();
    }

    /**
     * Returns the settings made so far.
     *
     * @return the settings
     * @throws IllegalArgumentException when {@code maxBytes} is less than {@code pageSize}, or than
     *     the chunk size of a shared backend, or when {@code pageSize} or {@code maxPages} is set
     *     beside a shared backend, which has settings of its own instead
     */
    public StoreConfig build() {
      ConfigRules.suits(backend, pageSizeIsSet, maxPagesIsSet);
      ConfigRules.fits(backend, pageSize, maxBytes);
      return new StoreConfig(this);
    }
  }
}
