package dev.pinnedstore.backend.shared;

/**
 * What a clean-up removed.
 *
 * @param files names
 * @param bytes their lengths, added up
 */
public record Removed(int files, long bytes) {}
