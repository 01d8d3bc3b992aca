package dev.pinnedstore.lifecycle;

/**
 * What one cycle did.
 *
 * @param pagesMade pages made ready
 * @param pagesReused emptied pages made ready again
 * @param pagesGivenBack pages whose memory went back to the operating system
 * @param pagesExpired pages whose blobs expired
 * @param groupsClosed Arenas of past views closed
 */
public record CycleReport(
    int pagesMade, int pagesReused, int pagesGivenBack, int pagesExpired, int groupsClosed) {}
