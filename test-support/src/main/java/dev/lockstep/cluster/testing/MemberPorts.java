package dev.lockstep.cluster.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/** A member of a test cluster and its port on loopback. */
public record MemberPorts(String id, int port) {

    /** Members n1, n2, … at ports that were free a moment ago. */
    public static List<MemberPorts> reserve(int count) {
        List<Integer> ports = freePorts(count);
        List<MemberPorts> members = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            members.add(new MemberPorts("n" + (i + 1), ports.get(i)));
        }
        return members;
    }

    /** Ports that were free a moment ago, all different: they are held together before any is let go. */
    public static List<Integer> freePorts(int count) {
        List<ServerSocket> held = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            return held.stream().map(ServerSocket::getLocalPort).toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } finally {
            held.forEach(MemberPorts::release);
        }
    }

    private static void release(ServerSocket socket) {
        try {
            socket.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
