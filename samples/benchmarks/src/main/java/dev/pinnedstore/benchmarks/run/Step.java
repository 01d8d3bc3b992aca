package dev.pinnedstore.benchmarks.run;

import java.util.List;

/**
 * One process of a run.
 *
 * @param name what it is, and how its output is named
 * @param jvmOptions options besides those of {@code jvm.options}
 * @param command the main class and its arguments
 */
record Step(String name, List<String> jvmOptions, List<String> command) {}
