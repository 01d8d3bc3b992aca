package dev.pinnedstore.store;

/**
 * What a store found when it was opened, and what it does without. Fixed as long as the store
 * lives.
 *
 * @param backend {@link Backend#name()} of the backend in use
 * @param nativeAccess whether the engine's module may call native code; without it pages come and
 *     go by mapping and unmapping files, which is slower and correct
 * @param hugePages whether the store asks the operating system for huge pages: with native access,
 *     for pages of 2 MiB and more, virtual for multiples of 2 MiB
 * @param nativeAccessFlag the option of the {@code java} launcher that grants native access to the
 *     engine as it was loaded, for example {@code --enable-native-access=ALL-UNNAMED} on the class
 *     path; present whether it was given or not
 */
public record Capabilities(
    String backend, boolean nativeAccess, boolean hugePages, String nativeAccessFlag) {}
