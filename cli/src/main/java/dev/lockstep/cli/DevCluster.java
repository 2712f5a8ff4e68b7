package dev.lockstep.cli;

import dev.lockstep.protocol.runtime.Deadline;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.Member;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The nodes that {@code dev} runs. Thread-safe. Closing it ends all of them. */
final class DevCluster implements AutoCloseable {

    private static final Duration READY_WITHIN = Duration.ofSeconds(60);

    /** A node hands its leaderships over for at most three seconds, and closes within ten. */
    private static final Duration ENDED_WITHIN = Duration.ofSeconds(15);

    private static final Duration PAUSE = Duration.ofMillis(50);

    private final DevFolder folder;
    private final Function<Path, List<String>> command;
    private final Consumer<String> out;
    private final List<DevNode> nodes = new ArrayList<>();
    private boolean closed;

    /**
     * @param command that runs a node with a configuration
     * @param out for progress, and what happens to nodes
     */
    DevCluster(DevFolder folder, Function<Path, List<String>> command, Consumer<String> out) {
        this.folder = folder;
        this.command = command;
        this.out = out;
    }

    /**
     * Starts nodes, without waiting for them.
     *
     * @throws RefusedException when one of their ports is in use
     */
    synchronized List<DevNode> start(Collection<Member> members) throws IOException {
        for (Member member : members) {
            requireFreePort(member);
        }
        folder.use(members);
        List<DevNode> started = new ArrayList<>();
        for (Member member : members) {
            DevNode node =
                    new DevNode(member, command.apply(folder.configuration(member.id())), folder.log(member.id()), out);
            nodes.add(node);
            start(node);
            started.add(node);
        }
        return started;
    }

    private synchronized void start(DevNode node) throws IOException {
        if (closed) {
            throw new RefusedException("The cluster is being ended");
        }
        node.start();
    }

    private static void requireFreePort(Member member) throws IOException {
        try {
            new ServerSocket(member.port(), 1, InetAddress.getByName(member.host())).close();
        } catch (BindException inUse) {
            throw new RefusedException("Port " + member.port() + ", which node " + member.id()
                    + " is to have, is in use. End what listens there, or choose other ports with --port=<first port>");
        }
    }

    /** Starts one more node, which waits to be added to the cluster. */
    DevNode startNext() throws IOException {
        return start(List.of(folder.next())).get(0);
    }

    /** Starts a node again, after having ended it if it runs. */
    DevNode restart(String name) throws IOException, InterruptedException {
        DevNode node = node(name);
        await(node.terminate().stream().toList());
        start(node);
        return node;
    }

    /** Kills a node, and returns the id of its process. */
    long kill(String name) throws InterruptedException {
        Process killed = node(name)
                .kill()
                .orElseThrow(() ->
                        new RefusedException("Node " + name + " does not run; \"restart " + name + "\" starts it"));
        killed.waitFor();
        return killed.pid();
    }

    synchronized DevNode node(String name) {
        return nodes.stream()
                .filter(node -> node.member().id().name().equals(name))
                .findFirst()
                .orElseThrow(() -> new RefusedException("There is no node " + name + " here; there are "
                        + nodes.stream().map(node -> node.member().id().name()).collect(Collectors.joining(", "))));
    }

    /** One line for each node. */
    synchronized String rows() {
        return nodes.stream().map(node -> "  " + node.row()).collect(Collectors.joining("\n"));
    }

    /**
     * Waits until nodes serve, or wait to be added; those that end by themselves are waited for no more.
     *
     * @return whether at least one of them does, and none was still starting when it took too long
     */
    boolean awaitStarted(Collection<DevNode> started) throws InterruptedException {
        Deadline deadline = Deadline.after(Time.system(), READY_WITHIN);
        List<DevNode> waiting = new ArrayList<>(started);
        boolean any = false;
        while (true) {
            for (DevNode node : List.copyOf(waiting)) {
                DevNode.State state = node.state();
                if (state != DevNode.State.STARTING) {
                    waiting.remove(node);
                }
                if (state == DevNode.State.READY) {
                    out.accept("Node " + node.member().id() + " is ready");
                } else if (state == DevNode.State.WAITING) {
                    out.accept("Node " + node.member().id() + " waits until: node add " + node.member());
                }
                any |= state == DevNode.State.READY || state == DevNode.State.WAITING;
            }
            if (waiting.isEmpty()) {
                return any;
            }
            if (deadline.isPast(Time.system())) {
                waiting.forEach(node -> out.accept("Node " + node.member().id() + " is not ready after "
                        + READY_WITHIN.toSeconds() + " s; its log ends with:\n" + node.lastLines()));
                return false;
            }
            waiting.get(0).awaitEnd(PAUSE);
        }
    }

    /** Ends all nodes at once, so that none takes over from another. */
    @Override
    public synchronized void close() throws InterruptedException {
        closed = true;
        await(nodes.stream().map(DevNode::terminate).flatMap(Optional::stream).toList());
    }

    /** Waits until processes that were told to end have ended, and kills those that take too long. */
    private static void await(Collection<Process> ending) throws InterruptedException {
        Deadline deadline = Deadline.after(Time.system(), ENDED_WITHIN);
        for (Process process : ending) {
            if (!process.waitFor(deadline.remainingNanos(Time.system()), TimeUnit.NANOSECONDS)) {
                process.destroyForcibly().waitFor();
            }
        }
    }
}
