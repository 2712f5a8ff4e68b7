package dev.lockstep.protocol.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.netty.HalfOpenConnections.HalfOpen;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Few connections of one address are half open, and of all together the newest. */
class HalfOpenConnectionsTest {

    private final HalfOpenConnections connections = new HalfOpenConnections();
    private final List<String> closed = new ArrayList<>();

    private HalfOpen add(String address, String name) {
        return Objects.requireNonNull(connections.add(address, () -> closed.add(name)), name);
    }

    @Test
    void anAddressHasAFew() {
        List<HalfOpen> added = new ArrayList<>();
        for (int i = 0; i < HalfOpenConnections.MAX_OF_ADDRESS; i++) {
            added.add(add("a", "a" + i));
        }
        assertThat(connections.add("a", () -> closed.add("one more"))).isNull();
        add("b", "b");
        added.get(7).ended();
        added.get(7).ended();
        add("a", "another");
        assertThat(connections.add("a", () -> closed.add("one more"))).isNull();
        assertThat(closed).isEmpty();
        assertThat(connections.counts())
                .isEqualTo(new NettyListener.HalfOpenCounts(HalfOpenConnections.MAX_OF_ADDRESS + 1, 2));
    }

    @Test
    void theOldestOfAllGivesWay() {
        List<HalfOpen> added = new ArrayList<>();
        for (int i = 0; i < HalfOpenConnections.MAX; i++) {
            added.add(add("a" + i % 100, "c" + i));
        }
        added.get(0).ended();
        add("b", "b0");
        assertThat(closed).isEmpty();
        add("b", "b1");
        add("b", "b2");
        assertThat(closed).containsExactly("c1", "c2");
        assertThat(connections.counts()).isEqualTo(new NettyListener.HalfOpenCounts(HalfOpenConnections.MAX, 2));
        for (int i = 0; i < HalfOpenConnections.MAX_OF_ADDRESS - 10; i++) {
            add("a1", "d" + i); // the one that gave way is no longer counted
        }
        assertThat(connections.add("a1", () -> {})).isNull();
    }

    @Test
    void theAddressesOfANetworkCountAsOne() {
        assertThat(address("2001:db8::1"))
                .isEqualTo(address("2001:db8::ffff:1"))
                .isNotEqualTo(address("2001:db8:0:1::1"));
        assertThat(address("127.0.0.1")).isEqualTo("127.0.0.1");
        assertThat(address("::ffff:127.0.0.1")).isEqualTo("127.0.0.1");
    }

    private static String address(String host) {
        return HalfOpenConnections.address(new InetSocketAddress(host, 1));
    }
}
