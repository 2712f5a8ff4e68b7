package dev.lockstep.benchmarks.peers;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The place of one JVM in a deployment on loopback.
 *
 * @param index of this JVM: members from 0, the client behind them
 * @param folder for its files
 * @param ports {@value #PORTS_EACH} for each JVM
 */
public record Place(int index, Path folder, List<Integer> ports) {

    public static final int MEMBERS = 3;
    public static final int PORTS_EACH = 2;
    public static final String HOST = "127.0.0.1";

    public Place {
        ports = List.copyOf(ports);
    }

    /** The first port of this JVM: where members find each other. */
    public int port() {
        return port(index, 0);
    }

    /** The second, for what else the product listens to. */
    public int secondPort() {
        return port(index, 1);
    }

    public int port(int member, int which) {
        return ports.get(member * PORTS_EACH + which);
    }

    /** The addresses of all members, each in the format given of host and port. */
    public String members(int which, String format, String separator) {
        return IntStream.range(0, MEMBERS)
                .mapToObj(member -> format.formatted(HOST, port(member, which)))
                .collect(Collectors.joining(separator));
    }
}
