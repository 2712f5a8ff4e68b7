package dev.lockstep.protocol.topology;

/**
 * A node and where it is reached.
 *
 * @param host name or address
 * @param port 1 to 65535; 0 when it can only be reached inside its own JVM
 */
public record Member(NodeId id, String host, int port) {

    @Override
    public String toString() {
        return id + "@" + host + ":" + port;
    }

    /** Tells whether a host is this machine, to which only its own processes can connect. */
    public static boolean isLoopback(String host) {
        return host.equals("localhost") || host.startsWith("127.") || host.equals("[::1]");
    }
}
