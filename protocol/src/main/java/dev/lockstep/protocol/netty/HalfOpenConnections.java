package dev.lockstep.protocol.netty;

import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The connections of a listener that have not been welcomed yet. They cost memory and a handshake, and anyone can open them: so there are
 * few of one address, and of all together the newest, since the oldest are those that come to nothing. Thread-safe; the lock
 * guards the tables.
 */
final class HalfOpenConnections {

    static final int MAX = 1_024;
    static final int MAX_OF_ADDRESS = 64;

    private static final int NETWORK_BYTES = 8;

    private final Set<HalfOpen> byAge = new LinkedHashSet<>();
    private final Map<String, Integer> byAddress = new HashMap<>();
    private long refused;

    /** One of them. */
    final class HalfOpen {

        private final String address;
        private final Runnable close;

        private HalfOpen(String address, Runnable close) {
            this.address = address;
            this.close = close;
        }

        /** It is welcome, or closed. Idempotent. */
        void ended() {
            synchronized (HalfOpenConnections.this) {
                remove(this);
            }
        }
    }

    /**
     * Names where a connection comes from: an IPv4 address, or the half of an IPv6 address that all addresses of one network share.
     */
    static String address(SocketAddress remote) {
        if (!(remote instanceof InetSocketAddress internet)) {
            return String.valueOf(remote);
        }
        return internet.getAddress() instanceof Inet6Address address
                ? HexFormat.of().formatHex(Arrays.copyOf(address.getAddress(), NETWORK_BYTES)) + "/64"
                : internet.getAddress().getHostAddress();
    }

    /**
     * Adds a connection, for which the oldest of all may be closed.
     *
     * @param close closes it
     * @return null if there are too many of that address
     */
    @Nullable
    HalfOpen add(String address, Runnable close) {
        HalfOpen added = new HalfOpen(address, close);
        HalfOpen oldest = null;
        synchronized (this) {
            if (byAddress.getOrDefault(address, 0) >= MAX_OF_ADDRESS) {
                refused++;
                return null;
            }
            if (byAge.size() >= MAX) {
                refused++;
                oldest = byAge.iterator().next();
                remove(oldest);
            }
            byAge.add(added);
            byAddress.merge(address, 1, Integer::sum);
        }
        if (oldest != null) {
            oldest.close.run();
        }
        return added;
    }

    synchronized NettyListener.HalfOpenCounts counts() {
        return new NettyListener.HalfOpenCounts(byAge.size(), refused);
    }

    private void remove(HalfOpen one) {
        if (byAge.remove(one)) {
            byAddress.computeIfPresent(one.address, (address, count) -> count == 1 ? null : count - 1);
        }
    }
}
