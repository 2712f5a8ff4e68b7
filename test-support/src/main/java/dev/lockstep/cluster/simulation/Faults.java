package dev.lockstep.cluster.simulation;

import dev.lockstep.protocol.topology.NodeId;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Does harm to the cluster now and then, each harm for a while, until it has done its share or is told to stop. */
final class Faults {

    private final World world;
    private final SimulatedNetwork network;
    private final SimulatedRaft raft;
    private final List<SimulatedNode> nodes;
    private final List<SimulatedLinks> links;
    private final Scenario scenario;
    private final Life life;
    private int left;
    private boolean over;
    private @Nullable SimulatedNode wild;

    /** Hears of processes that come and go. */
    interface Life {

        void restarted(SimulatedNode node);

        /** A client comes that takes leases and is gone soon. */
        void passingClient();
    }

    /** @param links of clients and nodes; grows during the run */
    Faults(
            World world,
            SimulatedNetwork network,
            SimulatedRaft raft,
            List<SimulatedNode> nodes,
            List<SimulatedLinks> links,
            Scenario scenario,
            Life life) {
        this.world = world;
        this.network = network;
        this.raft = raft;
        this.nodes = nodes;
        this.links = links;
        this.scenario = scenario;
        this.life = life;
        this.left = scenario.faults();
        raft.endsBy(this::endInTheMiddle);
    }

    void begin() {
        world.after(world.micros(20_000, 500_000), this::next);
        if (scenario.wildClocks()) {
            world.after(world.chance(0.5) ? 0 : world.micros(0, 2_000_000), this::goWild);
        }
    }

    private void later() {
        world.after(world.micros(20_000, 500_000), this::next);
    }

    private void next() {
        if (left == 0) {
            return;
        }
        left--;
        harm();
        later();
    }

    /** No more harm, and what was done is undone. */
    void end() {
        left = 0;
        over = true;
        raft.endsBy(node -> false);
        network.heal();
        for (SimulatedNode node : nodes) {
            makeRoom(node);
            restart(node);
        }
    }

    private void harm() {
        SimulatedNode node = nodes.get(world.random().nextInt(nodes.size()));
        SimulatedNode leader = nodes.stream()
                .filter(one -> raft.leadsShard(one.member().id()) && world.chance(0.7))
                .findFirst()
                .orElse(node);
        switch (world.random().nextInt(17)) {
            case 0, 1 -> kill(leader);
            case 2 -> leader.process().pause(world.micros(50_000, 1_500_000));
            case 3 -> isolate(leader, true, true);
            case 4 -> isolate(leader, true, false);
            case 5, 6 -> {
                isolate(leader, false, true);
                // What was asked until then is answered when it is over.
                world.after(world.micros(500, 100_000), () -> isolate(leader, true, false));
            }
            case 7, 8 -> silence(leader);
            case 9, 10 -> links.get(world.random().nextInt(links.size())).cut();
            case 11, 12 -> fill(leader);
            case 13, 14 -> life.passingClient();
            case 15 -> holdBack(links.get(world.random().nextInt(links.size())).process(), node);
            default -> skew(node);
        }
    }

    /** Its disk has no room for a while; what has stopped by then is started again. */
    private void fill(SimulatedNode node) {
        world.trace(() -> "the disk of " + node.process() + " is full");
        raft.full(node.member().id(), true);
        world.after(world.micros(20_000, 1_000_000), () -> makeRoom(node));
    }

    private void makeRoom(SimulatedNode node) {
        raft.full(node.member().id(), false);
        if (node.process().isAlive() && raft.hasStopped(node.member().id())) {
            kill(node);
        }
    }

    /** The node ends before anything else happens. */
    private boolean endInTheMiddle(NodeId id) {
        SimulatedNode node = nodes.stream()
                .filter(one -> one.member().id().equals(id))
                .findFirst()
                .orElseThrow();
        world.trace(() -> node.process() + " ends while it writes a checkpoint");
        world.after(0, () -> kill(node));
        return true;
    }

    private void kill(SimulatedNode node) {
        if (node.process().isAlive()) {
            end(node);
            world.after(world.micros(20_000, 1_500_000), () -> restart(node));
        }
    }

    private void end(SimulatedNode node) {
        node.kill();
        if (scenario.hardships().syncs()) {
            raft.powerCut(node.member().id());
        }
    }

    /** Does one harm to a node that runs, for a while. */
    void strike(SimulatedNode node, Interruption.Fault fault, long nanos) {
        switch (fault) {
            case KILL -> {
                end(node);
                world.after(nanos, () -> restart(node));
            }
            case PAUSE -> node.process().pause(nanos);
            case PARTITION -> cutOff(node, nanos);
        }
    }

    /** Cuts a node off from all nodes and clients, in both directions. */
    private void cutOff(SimulatedNode node, long nanos) {
        world.trace(() -> node.process() + " is cut off from all");
        links.stream()
                .map(SimulatedLinks::process)
                .filter(other -> other != node.process())
                .distinct()
                .forEach(other -> {
                    network.block(node.process(), other);
                    network.block(other, node.process());
                });
        world.after(nanos, () -> {
            world.trace(() -> "the network is whole again");
            network.heal();
        });
    }

    private void restart(SimulatedNode node) {
        if (!node.process().isAlive() && node.isMember()) {
            node.restart();
            life.restarted(node);
        }
    }

    /** Cuts a node off from the other nodes, in one direction or both; clients still reach it. */
    private void isolate(SimulatedNode node, boolean out, boolean in) {
        world.trace(() -> node.process() + " is cut off" + (out ? " sending" : "") + (in ? " receiving" : ""));
        for (SimulatedNode other : nodes) {
            if (other != node) {
                if (out) {
                    network.block(node.process(), other.process());
                }
                if (in) {
                    network.block(other.process(), node.process());
                }
            }
        }
        healLater();
    }

    /** Cuts its Raft groups off from the others in both directions; all else continues. */
    private void silence(SimulatedNode node) {
        world.trace(() -> "Raft on " + node.process() + " is cut off");
        for (SimulatedNode other : nodes) {
            network.blockDatagrams(node.process(), other.process());
            network.blockDatagrams(other.process(), node.process());
        }
        healLater();
    }

    /** Delays what one sends to the node: when it may have given up, and asked again over another connection. */
    private void holdBack(SimulatedProcess sender, SimulatedNode node) {
        if (sender != node.process()) {
            world.trace(() -> "what " + sender + " sends to " + node.process() + " is held back");
            network.block(sender, node.process());
            healLater();
        }
    }

    private void healLater() {
        long most = world.chance(0.5) ? 600_000 : 2_500_000;
        world.after(world.micros(200_000, most), () -> {
            world.trace(() -> "the network is whole again");
            network.heal();
        });
    }

    private void skew(SimulatedNode node) {
        if (node != wild) {
            node.process().setClock(skewMillis(), 1);
        }
    }

    private long skewMillis() {
        long most = scenario.skewMillis();
        return most == 0 ? 0 : world.random().nextLong(-most, most + 1);
    }

    /** The wall clock of one node is far from right, or does not go as it should, for a while. */
    private void goWild() {
        if (over) {
            return;
        }
        SimulatedNode node = nodes.get(world.random().nextInt(nodes.size()));
        wild = node;
        long hours = TimeUnit.HOURS.toMillis(1);
        long days = TimeUnit.DAYS.toMillis(1);
        switch (world.random().nextInt(7)) {
            case 0 -> node.process().setClock(hours, 1);
            case 1 -> node.process().setClock(-hours, 1);
            case 2 -> node.process().setClock(days, 1);
            case 3 -> node.process().setClock(-days, 1);
            case 4 -> node.process().setClock(skewMillis(), 1.01);
            case 5 -> node.process().setClock(skewMillis(), 0.99);
            default -> node.process().setClock(skewMillis(), 0);
        }
        world.after(world.micros(100_000, 4_000_000), () -> setRight(node));
    }

    /**
     * An answer about a clock counts for three seconds: only then is it right again for everybody, and another may be
     * wrong.
     */
    private void setRight(SimulatedNode node) {
        wild = null;
        node.process().setClock(skewMillis(), 1);
        world.after(world.micros(3_500_000, 5_500_000), this::goWild);
    }
}
