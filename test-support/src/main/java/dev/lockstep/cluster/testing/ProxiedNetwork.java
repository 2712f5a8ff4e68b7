package dev.lockstep.cluster.testing;

import dev.lockstep.cluster.testing.TcpProxy.Mode;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The connections between the members of a test cluster, each in each direction through a proxy of its own, so that they can
 * be harmed one by one. Not thread-safe.
 */
public final class ProxiedNetwork implements AutoCloseable {

    private final List<MemberPorts> members;
    private final Map<Pair, TcpProxy> wires = new HashMap<>();

    private record Pair(String from, String to) {}

    public ProxiedNetwork(List<MemberPorts> members) throws IOException {
        this.members = List.copyOf(members);
        for (MemberPorts from : members) {
            for (MemberPorts to : members) {
                if (!from.equals(to)) {
                    wires.put(new Pair(from.id(), to.id()), new TcpProxy(to.port()));
                }
            }
        }
    }

    /** The members as {@code id} shall see them: itself at its own ports, the others behind proxies. */
    public List<MemberPorts> seenFrom(String id) {
        return members.stream().map(member -> seenFrom(id, member)).toList();
    }

    private MemberPorts seenFrom(String id, MemberPorts member) {
        TcpProxy proxied = wires.get(new Pair(id, member.id()));
        return proxied == null ? member : new MemberPorts(member.id(), proxied.port());
    }

    /**
     * Sets the mode of the connections that {@code from} opened to {@code to}: its requests, and the replies to them.
     */
    public void set(String from, String to, Mode mode) {
        wires.get(new Pair(from, to)).set(mode);
    }

    /** Sets the mode of all connections of {@code id} with the other members, in both directions. */
    public void set(String id, Mode mode) {
        wires.forEach((pair, proxied) -> {
            if (pair.from().equals(id) || pair.to().equals(id)) {
                proxied.set(mode);
            }
        });
    }

    /** Drops everything that {@code from} sends to {@code to}, but not the other way. */
    public void mute(String from, String to) {
        set(from, to, Mode.SILENT_REQUESTS);
        set(to, from, Mode.SILENT_REPLIES);
    }

    /** Keeps back what is sent to {@code id} over connections that are open now, until all is healed, if they were given up or not. */
    public void keepBack(String id) {
        wires.forEach((pair, proxied) -> {
            if (pair.to().equals(id)) {
                proxied.keepBack();
            }
        });
    }

    /** Delays everything between {@code id} and the other members. */
    public void delay(String id, Duration each) {
        wires.forEach((pair, proxied) -> {
            if (pair.from().equals(id) || pair.to().equals(id)) {
                proxied.delay(each);
            }
        });
    }

    /** Ends all faults. */
    public void heal() {
        wires.values().forEach(proxied -> {
            proxied.delay(Duration.ZERO);
            proxied.set(Mode.PASS);
        });
    }

    @Override
    public void close() {
        wires.values().forEach(TcpProxy::close);
    }
}
