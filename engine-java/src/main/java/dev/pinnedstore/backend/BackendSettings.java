package dev.pinnedstore.backend;

/**
 * What a backend is made with; checked by the facade's configuration.
 *
 * @param pageBytes bytes of a page, a multiple of 4096, at most 2^30
 * @param maxPages pages that may hold memory at a time
 * @param maxBytes bytes that may be committed at a time
 * @param ttlMillis milliseconds after which a page's newest blob expires, 0 for never
 * @param firstGeneration the generation of every page's first incarnation
 */
public record BackendSettings(
    long pageBytes, int maxPages, long maxBytes, long ttlMillis, int firstGeneration) {}
