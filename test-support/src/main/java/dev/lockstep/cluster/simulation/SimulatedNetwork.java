package dev.lockstep.cluster.simulation;

import dev.lockstep.protocol.runtime.Burst;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;

/**
 * Connectivity and delays between processes. Datagrams are lost, doubled and overtaken; streams, as TCP, deliver in
 * order, wait out a partition, or break.
 */
final class SimulatedNetwork {

    private final World world;
    private final Weather weather;
    private final Set<Way> blocked = new HashSet<>();
    private final Set<Way> deaf = new HashSet<>();
    private final List<Stream> streams = new ArrayList<>();

    /**
     * The quality of the network.
     *
     * @param loss share of datagrams lost, and as many doubled
     * @param slow share of messages that take up to 30 ms
     */
    record Weather(double loss, double slow) {}

    private record Way(String from, String to) {}

    /** A message on its way, and when it arrives. */
    private record Arrival(long due, Runnable delivery) {}

    SimulatedNetwork(World world, Weather weather) {
        this.world = world;
        this.weather = weather;
    }

    private long latency() {
        return world.chance(weather.slow()) ? world.micros(300, 30_000) : world.micros(30, 300);
    }

    /** Blocks everything from one process to another, but not the other way. */
    void block(SimulatedProcess from, SimulatedProcess to) {
        blocked.add(new Way(from.toString(), to.toString()));
    }

    /** Blocks datagrams from one process to another, but not streams, which have ports of their own. */
    void blockDatagrams(SimulatedProcess from, SimulatedProcess to) {
        deaf.add(new Way(from.toString(), to.toString()));
    }

    private boolean isBlocked(SimulatedProcess from, SimulatedProcess to) {
        return blocked.contains(new Way(from.toString(), to.toString()));
    }

    /** Everybody reaches everybody, and what waited goes on its way. */
    void heal() {
        blocked.clear();
        deaf.clear();
        List.copyOf(streams).forEach(Stream::flush);
    }

    /** Delivers a message late, twice or never. */
    void datagram(SimulatedProcess from, SimulatedProcess to, Runnable delivery) {
        boolean lost = deaf.contains(new Way(from.toString(), to.toString())) || world.chance(weather.loss());
        if (lost || isBlocked(from, to)) {
            return;
        }
        world.after(latency(), to, delivery);
        if (world.chance(weather.loss())) {
            world.after(latency(), to, delivery);
        }
    }

    Stream stream(SimulatedProcess from, SimulatedProcess to) {
        Stream stream = new Stream(from, to);
        streams.add(stream);
        return stream;
    }

    /** One direction of a connection. Messages that have arrived by the same time are read together. */
    final class Stream {

        private final SimulatedProcess from;
        private final SimulatedProcess to;
        private final List<Runnable> waiting = new ArrayList<>();
        private final Queue<Arrival> arriving = new ArrayDeque<>();
        private long lastDue;
        private boolean broken;

        private Stream(SimulatedProcess from, SimulatedProcess to) {
            this.from = from;
            this.to = to;
        }

        void send(Runnable delivery) {
            if (broken) {
                return;
            }
            if (isBlocked(from, to) || !waiting.isEmpty()) {
                waiting.add(delivery);
                return;
            }
            lastDue = Math.max(lastDue, world.nanos() + latency());
            arriving.add(new Arrival(lastDue, delivery));
            world.after(lastDue - world.nanos(), to, this::read);
        }

        private void read() {
            Burst.run(() -> {
                while (!broken && !arriving.isEmpty() && arriving.peek().due() <= world.nanos()) {
                    arriving.remove().delivery().run();
                }
            });
        }

        private void flush() {
            List<Runnable> held = List.copyOf(waiting);
            waiting.clear();
            held.forEach(this::send);
        }

        /** Closes the sending end: what waits arrives when it can, and then {@code last} runs. */
        void finish(Runnable last) {
            send(() -> {
                last.run();
                close();
            });
        }

        /** Drops everything that has not arrived. */
        void close() {
            broken = true;
            waiting.clear();
            streams.remove(this);
        }
    }
}
