package dev.pinnedstore.os;

import java.util.Locale;

/** The systems that this package tells apart. */
enum OperatingSystem {
  LINUX,
  MAC,
  WINDOWS,
  OTHER;

  static final OperatingSystem CURRENT = named(System.getProperty("os.name", ""));

  static OperatingSystem named(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    if (lower.startsWith("linux")) {
      return LINUX;
    }
    if (lower.startsWith("mac")) {
      return MAC;
    }
    return lower.startsWith("windows") ? WINDOWS : OTHER;
  }
}
