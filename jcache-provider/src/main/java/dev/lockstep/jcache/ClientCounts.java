package dev.lockstep.jcache;

import java.time.Duration;

/**
 * The requests of a CacheManager to its cluster since it was opened. Operations of caches are requests, one for each shard that they
 * concern; reads that a replica in this JVM answers are none.
 *
 * @param successes requests that were answered
 * @param failures requests that were refused for good, or not answered by their deadline
 * @param retries attempts after the first, of all requests
 * @param reconnects connections that were opened again to an address, after the one before was lost
 * @param latency the time that all these requests took together, from the first attempt until the answer or the failure, with the waits
 *     for the leases of entries
 */
public record ClientCounts(long successes, long failures, long retries, long reconnects, Duration latency) {}
