package dev.lockstep.protocol.wire;

/**
 * Names one holding of an entry lease; chosen by the caller, so that asking again after a lost reply finds the same
 * lease.
 *
 * @param sessionHigh first half of the session's identity
 * @param sessionLow second half
 * @param number counts the session's leases from 1; 0 in {@link #NONE}
 */
public record LeaseId(long sessionHigh, long sessionLow, long number) {

    /** No lease. */
    public static final LeaseId NONE = new LeaseId(0, 0, 0);

    public boolean isNone() {
        return number == 0;
    }
}
