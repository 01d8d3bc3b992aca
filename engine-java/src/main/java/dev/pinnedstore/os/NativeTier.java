package dev.pinnedstore.os;

/**
 * Whether this module may call native functions. Read from the module, never found out by trying: a
 * trial would warn on the console, or fail under {@code --illegal-native-access=deny}.
 */
public enum NativeTier {
  /** Restricted methods may be called: pages are anonymous memory. */
  GRANTED,
  /** Restricted methods are never called: pages are mapped files. */
  DENIED;

  /**
   * Returns the tier of this JVM. Safe for threads; no system call.
   *
   * @return {@link #GRANTED} where the module of this class has native access
   */
  public static NativeTier current() {
    return NativeTier.class.getModule().isNativeAccessEnabled() ? GRANTED : DENIED;
  }

  /**
   * Returns the option of the {@code java} command that grants native access to this module.
   *
   * @return the option with the module's name, or with {@code ALL-UNNAMED} on the class path
   */
  public static String flag() {
    Module module = NativeTier.class.getModule();
    return "--enable-native-access=" + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
  }
}
