package dev.pinnedstore.os;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** What the machine offers. Safe for threads; needs no native access. */
public final class Machine {
  private static final int PAGE_BYTES = 4096;

  private Machine() {}

  /**
   * Returns the memory that this process may use: that of its container where there is one, of the
   * machine otherwise. Reads files of the system; not for a hot path.
   *
   * @return bytes
   */
  public static long memoryLimitBytes() {
    return system().getTotalMemorySize();
  }

  /**
   * Returns the unit that sizes of this package are multiples of. The system's own page may be
   * larger.
   *
   * @return 4096 bytes
   */
  public static int pageBytes() {
    return PAGE_BYTES;
  }

  static long freeMemoryBytes() {
    return system().getFreeMemorySize();
  }

  private static OperatingSystemMXBean system() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  }
}
