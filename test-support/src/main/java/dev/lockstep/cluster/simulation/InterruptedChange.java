package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.control.ControlProbe;
import dev.lockstep.cluster.simulation.Interruption.Step;
import dev.lockstep.cluster.simulation.Interruption.When;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A change of the layout in a run: has it asked for once the groups are led as it says, notes the events that are its steps, and has a
 * fault happen at one of them. The event is known from a rehearsal: up to the fault, a run of the same seed is the same.
 */
final class InterruptedChange implements SimulatedRaft.Observer {

    /** The time that a change may take after the fault, and without one. Voters that are staged in vain are given up after three seconds. */
    private static final long COMES_ABOUT_NANOS = TimeUnit.SECONDS.toNanos(15);

    /** Many times the pause between two looks of a leader at its layout. */
    private static final long CALM_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long LEAST_FAULT_MICROS = 500_000;
    private static final long LONGEST_FAULT_MICROS = 4_000_000;

    private final World world;
    private final SimulatedRaft.Observer checks;
    private final LayoutChange change;
    private final @Nullable Strike strike;
    private final Map<Step, Long> steps = new EnumMap<>(Step.class);
    private @Nullable NodeId leader;
    private boolean asked;
    private boolean struck;
    private long overNanos;
    /** The version of the newest layout that is agreed on. */
    private long version;

    /** The version of the newest layout that the operator knew, and since when. */
    private long calmVersion;

    private long calmSinceNanos;

    private long doneNanos = Long.MAX_VALUE;

    /**
     * A fault to happen.
     *
     * @param event number of the event that is the step
     */
    record Strike(Interruption interruption, long event) {}

    /**
     * @param checks told of everything, before this looks at it
     * @param strike null for a rehearsal
     */
    InterruptedChange(World world, SimulatedRaft.Observer checks, LayoutChange change, @Nullable Strike strike) {
        this.world = world;
        this.checks = checks;
        this.change = change;
        this.strike = strike;
    }

    /** Begins to wait for its time. */
    void begin(SimulatedRaft raft, List<SimulatedNode> nodes, Faults faults) {
        if (strike != null) {
            Interruption interruption = strike.interruption();
            long events = interruption.when() == When.BEFORE ? strike.event() - 1 : strike.event();
            world.interruptAfter(events, () -> strike(interruption, raft, nodes, faults));
        }
    }

    private void strike(Interruption interruption, SimulatedRaft raft, List<SimulatedNode> nodes, Faults faults) {
        NodeId id = switch (interruption.role()) {
            case LEADER -> Objects.requireNonNullElse(raft.leader(change.group()), leader);
            case CONTROL_LEADER -> raft.leader(ShardMap.CONTROL_GROUP);
            case SOURCE -> change.source();
            case TARGET -> change.target();
        };
        SimulatedNode node = nodes.stream()
                .filter(one -> one.member().id().equals(id) && one.process().isAlive())
                .findFirst()
                .orElse(null);
        if (node == null || steps.containsKey(interruption.step()) != (interruption.when() == When.AFTER)) {
            world.fail("the point is missed: " + id + " at " + steps, null);
            return;
        }
        long nanos = world.micros(LEAST_FAULT_MICROS, LONGEST_FAULT_MICROS);
        world.trace(() -> interruption + " hits " + id);
        struck = true;
        overNanos = world.nanos() + nanos;
        faults.strike(node, interruption.fault(), nanos);
    }

    /** Returns the request when it is time for it. */
    @Nullable
    Request wish(SimulatedRaft raft, Layout now) {
        if (now.version() != calmVersion) {
            calmVersion = now.version();
            calmSinceNanos = world.nanos();
        }
        if (!now.isFormed() || change.isDecided(now) || !(asked || (isCalm(now) && areLeading(raft)))) {
            return null;
        }
        asked = true;
        return change.request();
    }

    /** Tells whether nothing more follows from the layout of the formation. */
    private boolean isCalm(Layout now) {
        return now.moves().isEmpty() && world.nanos() - calmSinceNanos > CALM_NANOS;
    }

    /** Has the groups led by those that are to lead them; true if they do. */
    private boolean areLeading(SimulatedRaft raft) {
        boolean all = true;
        for (int group : change.leaders().keySet().stream().sorted().toList()) {
            NodeId wanted = change.leaders().get(group);
            NodeId leads = raft.leader(group);
            if (!wanted.equals(leads)) {
                all = false;
                SimulatedLog<?, ?> log = leads == null ? null : raft.replica(group, leads);
                if (log != null && log.leadership().ready()) {
                    log.stepDown(wanted);
                }
            }
        }
        return all;
    }

    /** Tells whether the change has come about, and the fault, if any, is over. */
    boolean isOver() {
        return (strike == null || struck) && world.nanos() > overNanos && doneNanos != Long.MAX_VALUE;
    }

    /** Waits until then, and somewhat longer than may be. */
    void await() {
        world.runUntil(world.nanos() + 2 * COMES_ABOUT_NANOS, this::isOver);
        demandDone();
    }

    /** Says what is missing, or was undone. */
    void demandDone() {
        if (!world.failures().isEmpty()) {
            return;
        }
        if (strike != null && !struck) {
            world.fail("the step does not happen: " + steps, null);
        } else if (doneNanos == Long.MAX_VALUE || doneNanos - overNanos > COMES_ABOUT_NANOS) {
            world.fail("the change has not come about in time: " + steps, null);
        } else if (strike == null && !steps.keySet().containsAll(change.steps())) {
            world.fail("not all of " + change.steps() + " were seen: " + steps, null);
        }
    }

    /** The time from the end of the fault until the change had come about. */
    long lateNanos() {
        return Math.max(0, doneNanos - overNanos);
    }

    /** The numbers of the events that were steps of the change, as far as it went. */
    Map<Step, Long> steps() {
        return steps;
    }

    private void saw(Step step) {
        if (asked && steps.putIfAbsent(step, world.happened()) == null) {
            world.trace(() -> "step " + step);
        }
    }

    private boolean isOfSource(int group, NodeId node) {
        return group == change.group() && node.equals(change.source());
    }

    // Layouts

    @Override
    public void proposed(int group, NodeId node, byte[] entry) {
        checks.proposed(group, node, entry);
        Layout next = group == ShardMap.CONTROL_GROUP ? ControlProbe.laid(entry) : null;
        if (next != null && next.moves().containsKey(change.group())) {
            saw(Step.PLAN_PROPOSED);
        } else if (next != null && steps.containsKey(Step.PLANNED)) {
            saw(Step.PUBLICATION_PROPOSED);
        }
    }

    @Override
    public void applied(int group, NodeId node, long position, byte[] entry, Object answer, LogMachine<?, ?> machine) {
        checks.applied(group, node, position, entry, answer, machine);
        Layout next = group == ShardMap.CONTROL_GROUP && answer instanceof Reply.Done ? ControlProbe.laid(entry) : null;
        if (next == null) {
            return;
        }
        if (next.moves().containsKey(change.group())) {
            saw(Step.PLANNED);
        } else if (steps.containsKey(Step.PLANNED)) {
            saw(Step.PUBLISHED);
        }
        if (change.source() != null && next.member(change.source()) == null) {
            saw(Step.DISMISSED);
        }
        if (next.version() > version) {
            version = next.version();
            boolean hasComeAbout = change.hasComeAbout(next);
            doneNanos = hasComeAbout ? Math.min(doneNanos, world.nanos()) : Long.MAX_VALUE;
        }
    }

    @Override
    public void learnt(NodeId node, Layout layout) {
        checks.learnt(node, layout);
    }

    // Messages

    @Override
    public void asked(NodeId node, Request request) {
        checks.asked(node, request);
        if (request instanceof Request.OpenReplica open && open.group() == change.group()) {
            saw(Step.OPENING_ASKED);
        } else if (request instanceof Request.ReplicasMoved moved && moved.group() == change.group()) {
            saw(Step.REPORTED);
        }
    }

    // Replicas

    @Override
    public void opened(int group, NodeId node, long position, LogMachine<?, ?> machine) {
        checks.opened(group, node, position, machine);
        if (group == change.group() && node.equals(change.target())) {
            saw(Step.OPENED);
        }
    }

    @Override
    public void installed(int group, NodeId node, long position, LogMachine<?, ?> machine) {
        checks.installed(group, node, position, machine);
    }

    @Override
    public void failed(int group, NodeId node, Exception failure) {
        checks.failed(group, node, failure);
    }

    @Override
    public void changing(int group, NodeId node, Set<NodeId> from, Set<NodeId> to) {
        if (group == change.group()) {
            saw(from.containsAll(to) ? Step.DROPPING : Step.STAGED);
        }
    }

    @Override
    public void joined(int group, NodeId node) {
        if (group == change.group()) {
            saw(Step.JOINT);
        }
    }

    @Override
    public void changed(int group, NodeId node, Set<NodeId> to) {
        if (group == change.group()) {
            saw(change.source() != null && to.contains(change.source()) ? Step.ADDED : Step.VOTERS_CHANGED);
        }
    }

    @Override
    public void leads(int group, NodeId node) {
        if (group == change.group()) {
            leader = node;
            if (steps.containsKey(Step.TRANSFERRING) && !node.equals(change.source())) {
                saw(Step.TRANSFERRED);
            }
        }
    }

    @Override
    public void transfers(int group, NodeId node) {
        if (isOfSource(group, node)) {
            saw(Step.TRANSFERRING);
        }
    }

    @Override
    public void removing(int group, NodeId node) {
        if (isOfSource(group, node)) {
            saw(Step.REMOVING);
        }
    }

    @Override
    public void removed(int group, NodeId node) {
        if (isOfSource(group, node)) {
            saw(Step.REMOVED);
        }
    }
}
