package dev.pinnedstore.samples.courier;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/**
 * What the figures were measured on.
 *
 * @param system the operating system and its version
 * @param processors the processors that the JVM may use
 * @param memoryBytes the memory of the machine or the container
 * @param jdk the JVM with its version
 * @param nativeAccess whether native access is granted to the engine
 */
record Machine(String system, int processors, long memoryBytes, String jdk, boolean nativeAccess) {

  /** The machine on which this runs. */
  static Machine current(boolean nativeAccess) {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return new Machine(
        system.getName() + " " + system.getVersion() + ", " + system.getArch(),
        system.getAvailableProcessors(),
        system.getTotalMemorySize(),
        System.getProperty("java.vm.name") + " " + Runtime.version(),
        nativeAccess);
  }
}
