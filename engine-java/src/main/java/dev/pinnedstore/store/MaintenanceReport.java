package dev.pinnedstore.store;

/**
 * What one lifecycle cycle did.
 *
 * @param pagesMade pages newly taken from the operating system and touched
 * @param pagesReused emptied pages that were made ready again
 * @param pagesGivenBack pages whose memory went back to the operating system
 * @param pagesExpired pages emptied because their newest blob was older than the TTL
 * @param groupsClosed groups of pages whose {@code Arena} was closed; every view into them is dead
 */
public record MaintenanceReport(
    int pagesMade, int pagesReused, int pagesGivenBack, int pagesExpired, int groupsClosed) {}
