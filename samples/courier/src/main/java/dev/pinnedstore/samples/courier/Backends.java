package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.PinnedStore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which backends there are, and which of them run here. A backend more is an entry more.
 *
 * @param usable those that run here
 * @param refusals why the others do not, by name
 * @param sharedBytes what the shared one may hold
 */
record Backends(List<Backend> usable, Map<String, String> refusals, long sharedBytes) {
  private static final List<String> NAMES = List.of("segmented", "virtual", "shared");

  /** Asks what there is. */
  static Backends of(Surroundings surroundings) {
    List<Backend> usable = new ArrayList<>();
    Map<String, String> refusals = new LinkedHashMap<>();
    usable.add(Backend.segmented());
    if (surroundings.nativeAccess()) {
      usable.add(Backend.virtual());
    } else {
      refusals.put("virtual", need());
    }
    SharedPlan plan = SharedPlan.of(surroundings.shared());
    if (plan.isPossible()) {
      // Another courier may run at the same time.
      usable.add(
          plan.backend("courier-" + ProcessHandle.current().pid() + "-" + System.nanoTime()));
    } else {
      refusals.put("shared", plan.refusal());
    }
    return new Backends(List.copyOf(usable), refusals, plan.maxBytes());
  }

  /** A line for each that does not run here. */
  List<String> leftOut() {
    return refusals.entrySet().stream()
        .map(it -> it.getKey() + ": left out, " + it.getValue())
        .toList();
  }

  private static String need() {
    Module engine = PinnedStore.class.getModule();
    return "needs native access: run java with --enable-native-access="
        + (engine.isNamed() ? engine.getName() : "ALL-UNNAMED");
  }

  static boolean isKnown(String name) {
    return NAMES.contains(name);
  }

  /** The one of this name, or none. */
  List<Backend> named(String name) {
    return usable.stream().filter(it -> it.name().equals(name)).toList();
  }

  static String names() {
    return String.join(", ", NAMES);
  }
}
