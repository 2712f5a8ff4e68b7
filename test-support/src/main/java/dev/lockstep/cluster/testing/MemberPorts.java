package dev.lockstep.cluster.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** A member of a test cluster and its port on loopback. */
public record MemberPorts(String id, int port) {

    private static final int FIRST = 10_000;
    /** Up to 32,528: from 32,768 on, Linux gives them away by itself. */
    private static final int BLOCKS = 22;

    private static final int BLOCK = 1_024;

    /** Listened on for as long as this JVM lives: the ports of the block that follow it are of no other JVM of this or another build. */
    private static final ServerSocket CLAIM = claim();

    private static final AtomicInteger NEXT = new AtomicInteger();

    private static ServerSocket claim() {
        int random = new Random().nextInt(BLOCKS);
        return IntStream.range(0, BLOCKS)
                .mapToObj(i -> listen(FIRST + (random + i) % BLOCKS * BLOCK))
                .flatMap(Optional::stream)
                .findFirst()
                .orElseThrow(
                        () -> new IllegalStateException("All ports from " + FIRST + " on are taken by other JVMs"));
    }

    /** Members n1, n2, … at ports that were free a moment ago. */
    public static List<MemberPorts> reserve(int count) {
        List<Integer> ports = freePorts(count);
        List<MemberPorts> members = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            members.add(new MemberPorts("n" + (i + 1), ports.get(i)));
        }
        return members;
    }

    /**
     * Ports that were free a moment ago, all different: they are held together before any is let go. None of them is
     * one that the system gives to outgoing connections, or to processes that ask for any port: such a connection, even
     * one that has ended, would keep a node from listening there.
     */
    public static List<Integer> freePorts(int count) {
        List<ServerSocket> held = new ArrayList<>();
        try {
            for (int attempt = 0; held.size() < count && attempt < BLOCK; attempt++) {
                int next = 1 + Math.floorMod(NEXT.getAndIncrement(), BLOCK - 1);
                listen(CLAIM.getLocalPort() + next).ifPresent(held::add);
            }
            if (held.size() < count) {
                throw new IllegalStateException(
                        "There are not " + count + " free ports from " + CLAIM.getLocalPort() + " on");
            }
            return held.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            held.forEach(MemberPorts::release);
        }
    }

    /** Empty if the port is in use. */
    private static Optional<ServerSocket> listen(int port) {
        try {
            return Optional.of(new ServerSocket(port, 1, InetAddress.getLoopbackAddress()));
        } catch (BindException inUse) {
            return Optional.empty();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
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
