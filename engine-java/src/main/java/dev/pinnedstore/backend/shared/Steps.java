package dev.pinnedstore.backend.shared;

/**
 * Names the moments between two changes of shared memory, so that a test can kill a process there:
 * {@code -Ddev.pinnedstore.dieAt=NAME:N} ends the JVM at once when it comes by that name for the
 * N-th time. Without the property a call is nothing.
 */
final class Steps {
  private static final String WANTED = System.getProperty("dev.pinnedstore.dieAt", "");
  private static final boolean ANY = !WANTED.isEmpty();
  private static int left = ANY ? Integer.parseInt(WANTED.substring(WANTED.indexOf(':') + 1)) : 0;

  private Steps() {}

  static void reached(String name) {
    if (ANY && WANTED.startsWith(name + ":")) {
      count();
    }
  }

  private static synchronized void count() {
    if (--left == 0) {
      Runtime.getRuntime().halt(137);
    }
  }
}
