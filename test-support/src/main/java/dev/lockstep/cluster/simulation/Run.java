package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.history.Checker;
import dev.lockstep.cluster.history.History;
import dev.lockstep.cluster.history.Operation;
import dev.lockstep.cluster.history.Recorder;
import dev.lockstep.cluster.history.Report;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.SessionFactory;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One run of a scenario: a cluster, its clients, what happens to them, and what is checked at the end. */
final class Run {

    /** Shorter than some of the faults. */
    private static final Duration REPLACE_AFTER = Duration.ofSeconds(2);

    private static final long START_NANOS = TimeUnit.SECONDS.toNanos(20);
    private static final int MAX_EMBEDDED = 3;
    /** The factor by which clients are slower beside a change of the layout, so that they are still at work when it has come about. */
    private static final int SLOWED = 4;

    private static final String LASTING = "lasting";
    private static final String GATEWAY_CLIENT = "c0";
    private static final String PASSING = "passing";
    private static final String BOUNDED = "bounded";
    /** Is destroyed now and then, and created again. */
    static final String MORTAL = "mortal";

    private final long seed;
    private final Scenario scenario;
    private final World world;
    private final SimulatedNetwork network;
    private final Replicas replicas;
    private final SimulatedRaft raft;
    private final List<Member> members = new ArrayList<>();
    private final List<SimulatedNode> nodes = new ArrayList<>();
    private final List<SimulatedLinks> links = new ArrayList<>();
    private final List<SimulatedClient> clients = new ArrayList<>();
    private final List<RecordingSubscriber> hearings = new ArrayList<>();
    private final Recorder recorder;
    private final List<CacheDefinition> caches;
    private final Faults faults;
    private final Workload insideWork;
    private final @Nullable DrainingOperator draining;
    private final @Nullable ResizingOperator resizing;
    private final @Nullable InterruptedChange change;
    private SimulatedClient inside;
    private int embedded;
    private int passing;
    /** The id of that cache; 0 until a client knows it. */
    private int lasting;

    /**
     * The result of a run.
     *
     * @param failures what was wrong; nothing, if all is well
     * @param hash equal for two runs in which the same happened
     */
    record Result(long seed, Scenario scenario, List<String> failures, long hash, long events, History history) {

        boolean isClean() {
            return failures.isEmpty();
        }
    }

    /** @param trace takes a line for all that happens, or null */
    Run(long seed, Scenario scenario, @Nullable Consumer<String> trace) {
        this(seed, scenario, null, null, trace);
    }

    /** One in which the layout changes once. @param strike what happens meanwhile; null for nothing */
    Run(long seed, LayoutChange change, InterruptedChange.@Nullable Strike strike, @Nullable Consumer<String> trace) {
        this(seed, change.scenario(), change, strike, trace);
    }

    private Run(
            long seed,
            Scenario scenario,
            @Nullable LayoutChange changes,
            InterruptedChange.@Nullable Strike strike,
            @Nullable Consumer<String> trace) {
        this.seed = seed;
        this.scenario = scenario;
        this.world = new World(seed, trace);
        this.network = new SimulatedNetwork(world, scenario.weather());
        this.replicas = new Replicas(world, scenario.skewMillis(), scenario.wildClocks());
        this.change = changes == null ? null : new InterruptedChange(world, replicas, changes, strike);
        this.raft = new SimulatedRaft(world, network, scenario.hardships(), change == null ? replicas : change);
        this.recorder = new Recorder(() -> TimeUnit.NANOSECONDS.toMicros(world.nanos()));
        Lifetime lifetime = Lifetime.ofMillis(scenario.lifetimeMillis());
        this.caches = List.of(
                cache(LASTING, ExpiryRule.ETERNAL, 0),
                cache(PASSING, new ExpiryRule(lifetime, lifetime, lifetime), 0),
                cache(BOUNDED, ExpiryRule.ETERNAL, 2),
                cache(MORTAL, ExpiryRule.ETERNAL, 0));
        this.insideWork = work("e");
        this.draining = scenario.drains() ? new DrainingOperator(world, nodeIds()) : null;
        this.resizing = change != null
                ? new ResizingOperator(world, nodes, now -> change.wish(raft, now))
                : scenario.spares() > 0 ? new ResizingOperator(world, nodes) : null;
        this.faults = new Faults(world, network, raft, nodes, links, scenario, new Life());
    }

    private static CacheDefinition cache(String name, ExpiryRule expiry, long maxEntries) {
        return new CacheDefinition(name, "k", "v", expiry, "", maxEntries, Consistency.SESSION);
    }

    Result result() {
        world.trace(() -> "seed " + seed + ", " + scenario);
        build();
        faults.begin();
        if (change != null) {
            change.begin(raft, nodes, faults);
        }
        if (draining != null) {
            draining.begin(operatorSession("draining"));
        }
        if (resizing != null) {
            resizing.begin(operatorSession("resizing"));
        }
        goOn(START_NANOS + scenario.operations() * SimulatedClient.TIMEOUT.toNanos());
        if (change != null) {
            change.await();
        }
        world.after(0, faults::end);
        world.runUntil(world.nanos() + 1, () -> false);
        goOn(world.nanos() + SimulatedClient.PATIENCE_NANOS);
        if (resizing != null) {
            resizing.stop();
        }
        demandDone("clients are not done");
        readAll();
        goOn(world.nanos() + SimulatedClient.PATIENCE_NANOS);
        demandDone("the last reader is not done");
        if (world.failures().isEmpty()) {
            leaseAll();
        }
        if (world.failures().isEmpty() && draining != null) {
            drainOne(draining);
        }
        settle();
        if (change != null) {
            change.demandDone();
        }
        if (seed % 16 == 0) {
            // An answer that a node owes to a client that no longer waits is noticed when it is late; that takes long.
            world.runUntil(world.nanos() + SimulatedLinks.ANSWERED_WITHIN_NANOS, () -> false);
        }
        History history = recorder.history(vanishing(recorder.history(Map.of())));
        if (world.failures().isEmpty()) {
            hearings.forEach(hearing -> hearing.check(replicas));
            Report report = new Checker().check(history);
            if (!report.isClean()) {
                world.fail(report.toString(), null);
            }
        }
        return new Result(seed, scenario, world.failures(), world.hash(), world.happened(), history);
    }

    /** Opens a session from a process of its own, as soon as a node answers. */
    private CompletableFuture<Session> operatorSession(String name) {
        SimulatedProcess process = new SimulatedProcess(world, name);
        SessionFactory sessions = sessions(process);
        CompletableFuture<Session> session = new CompletableFuture<>();
        SimulatedClient.connect(world, process, () -> sessions.connect(servers()), session::complete);
        return session;
    }

    private void build() {
        List<NodeId> ids = nodeIds();
        for (NodeId id : ids) {
            members.add(new Member(id, "simulated", members.size() + 1));
        }
        List<Member> founding = List.copyOf(members);
        for (int spare = 0; spare < scenario.spares(); spare++) {
            members.add(new Member(new NodeId("n" + members.size()), "simulated", members.size() + 1));
        }
        List<List<NodeId>> placed = new ArrayList<>();
        for (int shard = 0; shard < scenario.shards(); shard++) {
            List<NodeId> rotated = new ArrayList<>(ids);
            Collections.rotate(rotated, shard);
            placed.add(rotated.subList(0, 3));
        }
        Layout layout = Layout.settled(seed, Layout.nodes(founding), new ShardMap(Layout.UNFORMED, placed));
        for (Member member : members) {
            SimulatedProcess process = new SimulatedProcess(world, member.id().toString());
            process.setClock(scenario.skewMillis() == 0 ? 0 : world.random().nextLong(scenario.skewMillis()), 1);
            if (scenario.wildClocks()) {
                process.drift(0.99 + 0.02 * world.random().nextDouble());
            }
            nodes.add(new SimulatedNode(
                    process,
                    member,
                    founding.contains(member) ? layout : null,
                    raft,
                    joined -> links(joined, member.id()),
                    scenario.maxInFlight(),
                    scenario.spares() == 0 || change != null ? Optional.empty() : Optional.of(REPLACE_AFTER)));
        }
        for (int i = 0; i < scenario.clients(); i++) {
            String name = "c" + i;
            boolean hears = world.chance(0.5);
            remote(name, threads(name), (session, known) -> {
                lasting = known.get(LASTING);
                if (hears) {
                    hear(name, session, known.get(LASTING));
                }
            });
        }
        embed();
    }

    private List<NodeId> nodeIds() {
        return IntStream.range(0, scenario.nodes())
                .mapToObj(number -> new NodeId("n" + number))
                .toList();
    }

    /** A history has room for eight clients of a key: the one inside comes three times, and there is the last reader. */
    private List<Workload> threads(String name) {
        return scenario.clients() > 2 ? List.of(work(name)) : List.of(work(name), work(name + "+"));
    }

    private Workload work(String name) {
        Workload work = new Workload.Mixed(
                name,
                caches.stream().map(CacheDefinition::name).toList(),
                scenario.keys(),
                scenario.operations(),
                world.random().split());
        return change == null ? work : work.slowed(SLOWED);
    }

    private void hear(String name, Session session, int cacheId) {
        RecordingSubscriber hearing = new RecordingSubscriber(world, name, cacheId);
        hearings.add(hearing);
        session.subscribe(cacheId, hearing);
    }

    private SimulatedLinks links(SimulatedProcess process, @Nullable NodeId asNode) {
        SimulatedLinks made = new SimulatedLinks(
                world,
                network,
                process,
                asNode,
                member -> member.port() > nodes.size() ? null : nodes.get(member.port() - 1));
        links.add(made);
        return made;
    }

    private void remote(String name, List<Workload> workloads, SimulatedClient.Begun begun) {
        SimulatedProcess process = new SimulatedProcess(world, name);
        SessionFactory sessions = sessions(process);
        boolean throughGateway = scenario.gateway() && name.equals(GATEWAY_CLIENT);
        client(process, name, workloads, begun)
                .start(() -> throughGateway ? sessions.connectThroughGateway(servers()) : sessions.connect(servers()));
    }

    /** A client in the first node's process, which ends with it. */
    private void embed() {
        SimulatedNode node = nodes.get(0);
        SessionFactory sessions = sessions(node.process());
        inside = client(node.process(), "e" + embedded++, List.of(insideWork), (session, ids) -> {});
        inside.start(() -> sessions.connect(node));
    }

    private SessionFactory sessions(SimulatedProcess process) {
        return new SessionFactory(
                links(process, null), SimulatedClient.TIMEOUT, process.time(), process.loop(), process.entropy());
    }

    private SimulatedClient client(
            SimulatedProcess process, String name, List<Workload> workloads, SimulatedClient.Begun begun) {
        SimulatedClient client = new SimulatedClient(world, process, name, recorder, caches, workloads, begun);
        clients.add(client);
        return client;
    }

    /** The fates of clients. */
    private final class Life implements Faults.Life {

        /** The client that was in it is gone, and another goes on with its work. */
        @Override
        public void restarted(SimulatedNode node) {
            if (node == nodes.get(0)) {
                clients.remove(inside);
                if (embedded < MAX_EMBEDDED) {
                    embed();
                }
            }
        }

        @Override
        public void passingClient() {
            SimulatedProcess process = new SimulatedProcess(world, "g" + passing++);
            sessions(process).connect(servers()).thenAccept(session -> {
                for (int key = 0; key < scenario.keys(); key++) {
                    session.readForUpdate(lasting, leased(key));
                }
            });
            world.after(world.micros(5_000, 500_000), process, () -> {
                if (world.chance(0.5)) {
                    process.kill();
                } else {
                    // Its connections stay open, and nothing comes from it any more.
                    process.pause(TimeUnit.DAYS.toNanos(1));
                }
            });
        }
    }

    private static Bytes leased(int key) {
        return Bytes.utf8(LASTING + "/" + key);
    }

    private List<String> servers() {
        return members.stream().map(member -> "simulated:" + member.port()).toList();
    }

    /** Takes every lease, whose holders are all gone: each is granted as soon as they have lost theirs. */
    private void leaseAll() {
        SimulatedProcess process = new SimulatedProcess(world, "lessee");
        List<CompletableFuture<?>> leases = new ArrayList<>();
        sessions(process).connect(servers()).thenAccept(session -> {
            for (int key = 0; key < scenario.keys(); key++) {
                Bytes bytes = leased(key);
                leases.add(session.readForUpdate(lasting, bytes)
                        .thenCompose(held -> session.release(lasting, bytes, held.id(), Condition.ANY))
                        .whenComplete((released, failure) -> {
                            if (failure != null) {
                                world.fail("the lease of " + bytes + " is held by a session that is gone", failure);
                            }
                        }));
            }
        });
        world.runUntil(
                world.nanos() + SimulatedClient.PATIENCE_NANOS,
                () -> leases.size() == scenario.keys() && leases.stream().allMatch(CompletableFuture::isDone));
        if (leases.size() < scenario.keys() || !leases.stream().allMatch(CompletableFuture::isDone)) {
            world.fail("leases are neither granted nor refused", null);
        }
    }

    /** Waits until a drained node leads nothing, though it is as good as any. */
    private void drainOne(DrainingOperator operator) {
        CompletableFuture<NodeId> drained = operator.leaveOneDrained();
        world.runUntil(
                world.nanos() + SimulatedClient.PATIENCE_NANOS,
                () -> drained.isDone() && !raft.leadsAmongOthers(drained.join()));
        if (!drained.isDone()) {
            world.fail("no node could be drained", null);
        } else if (raft.leadsAmongOthers(drained.join())) {
            world.fail("node " + drained.join() + " is drained and leads", null);
        }
    }

    private void goOn(long untilNanos) {
        world.runUntil(untilNanos, () -> clients.stream().allMatch(SimulatedClient::isDone));
    }

    private void demandDone(String what) {
        if (!world.failures().isEmpty()) {
            return;
        }
        List<String> undone = clients.stream()
                .filter(client -> !client.isDone())
                .map(SimulatedClient::doing)
                .toList();
        if (!undone.isEmpty()) {
            world.fail(what + " after all is well again: " + undone, null);
        }
    }

    /** A client that was not there before reads everything. */
    private void readAll() {
        List<Workload.Step> steps = new ArrayList<>();
        for (CacheDefinition cache : caches) {
            for (int i = 0; i < scenario.keys(); i++) {
                steps.add(Workload.Step.one(cache.name(), i, new Operation.Get(), Consistency.STRONG, 0));
            }
        }
        remote("last", List.of(Workload.reading(steps)), (session, ids) -> {});
    }

    /** Waits until all replicas have applied the same, and subscribers have received it. */
    private void settle() {
        world.runUntil(world.nanos() + SimulatedClient.PATIENCE_NANOS, this::isSettled);
        if (world.failures().isEmpty() && !isSettled()) {
            world.fail(
                    "replicas or subscribers are behind for a minute after all is well again: " + leaderships(), null);
        }
    }

    private List<String> leaderships() {
        List<String> all = new ArrayList<>();
        for (int shard = 0; shard < scenario.shards(); shard++) {
            all.add("shard " + shard + " is at " + replicas.last(shard));
            raft.replicas(shard).forEach(log -> all.add(log + " at " + log.appliedPosition()));
        }
        if (resizing != null && !resizing.isSettled()) {
            all.add(resizing.toString());
        }
        if (!isControlSettled()) {
            all.add("the control group is on " + raft.stored(ShardMap.CONTROL_GROUP) + " by "
                    + replicas.newestLayout());
        }
        hearings.stream()
                .filter(hearing -> !hearing.isCurrent(replicas))
                .forEach(hearing -> all.add(hearing + " has not heard all"));
        return all;
    }

    private boolean isSettled() {
        if (resizing != null && !resizing.isSettled()) {
            return false;
        }
        int hosts = resizing == null ? 3 : Math.min(3, resizing.members());
        for (int shard = 0; shard < scenario.shards(); shard++) {
            List<SimulatedLog<?, ?>> logs = raft.replicas(shard);
            long last = replicas.last(shard);
            if (logs.size() != hosts
                    || storing(shard) != hosts
                    || logs.stream().anyMatch(log -> log.appliedPosition() < last)) {
                return false;
            }
        }
        return isControlSettled() && hearings.stream().allMatch(hearing -> hearing.isCurrent(replicas));
    }

    /** Tells whether each member knows the newest layout, and the control group has as many replicas as it is to have. */
    private boolean isControlSettled() {
        Layout newest = replicas.newestLayout();
        if (newest == null) {
            return false;
        }
        int members = newest.members().size();
        int hosts = members >= 5 ? 5 : Math.min(3, members);
        return newest.hostsOf(ShardMap.CONTROL_GROUP).size() == hosts
                && storing(ShardMap.CONTROL_GROUP) == hosts
                && nodes.stream().allMatch(node -> !node.isMember() || node.follows(newest));
    }

    /** The number of members that have a replica on their disks. One that has left keeps what it had. */
    private long storing(int group) {
        Set<NodeId> stored = raft.stored(group);
        return nodes.stream()
                .filter(node -> node.isMember() && stored.contains(node.member().id()))
                .count();
    }

    /** The change of the layout, if that was the run. */
    @Nullable
    InterruptedChange change() {
        return change;
    }

    /**
     * An entry may end that much earlier than its writer thinks as its stamp was behind, and as its reader's clock is
     * ahead. Those of a cache that may be destroyed may end at any time.
     */
    private Map<String, Long> vanishing(History history) {
        long ahead = scenario.skewMillis() + (scenario.wildClocks() ? Replicas.DRIFTED_MILLIS : 0);
        long micros = TimeUnit.MILLISECONDS.toMicros(
                Math.max(0, scenario.lifetimeMillis() - ahead - replicas.behindMillis() - 1));
        Map<String, Long> vanishing = new HashMap<>();
        for (int i = 0; i < scenario.keys(); i++) {
            vanishing.put(PASSING + "/" + i, micros);
            vanishing.put(BOUNDED + "/" + i, 0L);
        }
        history.byKey().keySet().stream().filter(key -> key.startsWith(MORTAL)).forEach(key -> vanishing.put(key, 0L));
        return vanishing;
    }
}
