package dev.pinnedstore.store;

/**
 * What {@link PinnedStore#cleanupNamespace} found and did.
 *
 * @param inUse whether some process uses the namespace; nothing was removed then
 * @param filesRemoved files removed
 * @param bytesRemoved their lengths, added up, in bytes; files with holes took less
 */
public record CleanupReport(boolean inUse, int filesRemoved, long bytesRemoved) {}
