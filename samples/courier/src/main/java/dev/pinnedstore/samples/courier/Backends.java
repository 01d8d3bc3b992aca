package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.PinnedStore;
import java.util.List;
import java.util.stream.Collectors;

/** Which backends there are, and which of them run here. A backend more is an entry more. */
final class Backends {
  private static final List<Backend> ALL = List.of(Backend.segmented(), Backend.virtual());

  private Backends() {}

  /** Those that run with or without native access. */
  static List<Backend> usable(boolean nativeAccess) {
    return ALL.stream().filter(it -> nativeAccess || !needsNativeAccess(it)).toList();
  }

  /** A line for each that does not run without native access. */
  static List<String> leftOut(boolean nativeAccess) {
    return ALL.stream()
        .filter(it -> !nativeAccess && needsNativeAccess(it))
        .map(it -> it.name() + ": left out, " + need())
        .toList();
  }

  /** What the other backends need. */
  static String need() {
    Module engine = PinnedStore.class.getModule();
    return "needs native access: run java with --enable-native-access="
        + (engine.isNamed() ? engine.getName() : "ALL-UNNAMED");
  }

  /** The one of this name, or none. */
  static List<Backend> named(String name) {
    return ALL.stream().filter(it -> it.name().equals(name)).toList();
  }

  static String names() {
    return ALL.stream().map(Backend::name).collect(Collectors.joining(", "));
  }

  static boolean needsNativeAccess(Backend backend) {
    return switch (backend) {
      case Backend.Segmented _ -> false;
      case Backend.Virtual _ -> true;
    };
  }
}
