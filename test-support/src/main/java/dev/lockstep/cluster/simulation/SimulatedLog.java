package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.checkpoint.CheckpointFetch;
import dev.lockstep.cluster.checkpoint.CheckpointFolder;
import dev.lockstep.cluster.checkpoint.CheckpointFolder.Restored;
import dev.lockstep.cluster.checkpoint.CheckpointId;
import dev.lockstep.cluster.checkpoint.CheckpointPiece;
import dev.lockstep.cluster.checkpoint.CheckpointPiece.Wanted;
import dev.lockstep.cluster.checkpoint.Checkpointer;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.UnknownOutcomeException;
import dev.lockstep.cluster.rates.ByteRate;
import dev.lockstep.cluster.simulation.SimulatedDisk.Entry;
import dev.lockstep.cluster.simulation.SimulatedDisk.Voters;
import dev.lockstep.protocol.runtime.DutyCycle;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A replica of a simulated log: Raft as in figure 2 of Ongaro and Ousterhout, "In Search of an Understandable Consensus
 * Algorithm" (2014), over datagrams, whose voters are changed by joint consensus as in its section 6, after new ones have caught up. A leader that is cut off goes on leading as far as
 * it knows, until it is told of a higher term. Checkpoints are the product's: it takes them, and fetches those of a
 * leader whose log begins too late, while the simulated one cuts off the log behind them as Ratis does.
 */
final class SimulatedLog<E, R> implements ReplicatedLog<E, R> {

    private static final long HEARTBEAT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final int MAX_APPEND = 16;
    private static final long STAGING_NANOS = TimeUnit.SECONDS.toNanos(3);
    /** The deadline for a piece of a checkpoint. */
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(150);

    private final SimulatedRaft raft;
    private final World world;
    private final int group;
    private final NodeId self;
    private final SimulatedProcess process;
    private final SimulatedDisk disk;
    private final LogMachine<E, R> machine;
    private final CheckpointFolder folder;
    private final Checkpointer taking;
    private final int kept;

    private final Set<NodeId> votes = new HashSet<>();
    private final Map<NodeId, Long> next = new HashMap<>();
    private final Map<NodeId, Long> matched = new HashMap<>();
    /** By node: how often it has begun with nothing while this replica led. */
    private final Map<NodeId, Integer> stages = new HashMap<>();

    private final TreeMap<Long, Proposal<E, R>> proposals = new TreeMap<>();
    private @Nullable Change change;
    private Leadership leadership;
    private boolean leads;
    private @Nullable NodeId leader;
    private long firstOfTerm;
    private long commit;
    private long applied;
    private boolean applying;
    private boolean fetching;
    /** Not installed yet. */
    private @Nullable Restored fetched;

    private boolean over;
    private long electionAt;
    private long contactAt = Long.MIN_VALUE;

    private record Proposal<E, R>(E entry, CompletableFuture<R> answer) {}

    SimulatedLog(
            SimulatedRaft raft,
            int group,
            NodeId self,
            SimulatedProcess process,
            SimulatedDisk disk,
            LogMachine<E, R> machine,
            CheckpointFolder folder)
            throws IOException {
        this.raft = raft;
        this.world = raft.world;
        this.group = group;
        this.self = self;
        this.process = process;
        this.disk = disk;
        this.machine = machine;
        this.folder = folder;
        this.taking = new Checkpointer(
                toString(),
                folder,
                machine,
                this::writeLater,
                DutyCycle.full(),
                process.time(),
                raft.hardships.checkpoints().interval(world));
        this.kept = world.random().nextInt(raft.hardships.checkpoints().kept() + 1);
        restore();
        this.leadership = observed();
        postponeElection(1);
        world.after(electionAt - world.nanos(), process, this::electionDue);
    }

    // Checkpoints

    /** Runs a write on another thread, which is busy now and then: entries are applied meanwhile. */
    private void writeLater(Runnable task) {
        world.after(world.chance(0.3) ? world.micros(1_000, 400_000) : world.micros(20, 1_000), process, task);
    }

    private void restore() throws IOException {
        CheckpointId restored = taking.restore();
        if (restored != null) {
            goOnFrom(restored, disk.voters());
            world.trace(() -> this + " goes on from its checkpoint at " + applied);
        }
        if (disk.purged() > applied) {
            throw new IllegalStateException(
                    this + " has no entries up to " + disk.purged() + " any more, and is at " + applied);
        }
        raft.observer.opened(group, self, applied, machine);
    }

    /** Replaces the log up to there; what comes after stays if it follows. */
    private void goOnFrom(CheckpointId id, Voters voters) {
        applied = id.position();
        commit = Math.max(commit, applied);
        if (disk.purged() <= applied && (disk.last() < applied || disk.termAt(applied) != id.term())) {
            disk.begin(applied, id.term(), voters);
        }
    }

    private void purge() {
        CheckpointId newest = taking.newest();
        if (newest != null) {
            disk.purge(newest.position() - kept);
        }
    }

    /**
     * The leader's log begins after {@code before}. As with Ratis, a checkpoint that was fetched is installed when the leader says so
     * again, with the voters that it names then.
     *
     * @param leaderApplied how far the leader had applied when it said so
     * @param voters that it knows to be committed
     */
    private void fetchAsked(Ask ask, long before, long leaderApplied, Voters voters) {
        if (!follows(ask)) {
            return;
        }
        if (fetching) {
            if (fetched != null && leaderApplied >= fetched.id().position()) {
                install(fetched, voters);
            }
            return;
        }
        if (commit >= before) {
            sync(before, () -> answer(ask, true, before));
            return;
        }
        NodeId from = ask.leader();
        fetching = true;
        world.trace(() -> this + " is at " + applied + " and fetches a checkpoint of " + from
                + ", whose log begins after " + before);
        new CheckpointFetch(
                        folder,
                        machine::restoration,
                        (wanted, answer) -> ask(from, wanted, answer),
                        ByteRate.unlimited(),
                        (bytes, size) -> {},
                        process.loop(),
                        PATIENCE_NANOS,
                        0) // this log forgets all that comes before an installed checkpoint
                .begin()
                .whenComplete((restored, failure) ->
                        world.after(world.micros(5, 20_000), process, () -> fetched(restored, failure)));
    }

    private void ask(NodeId from, Wanted wanted, Consumer<@Nullable CheckpointPiece> answer) {
        AtomicBoolean told = new AtomicBoolean();
        send(
                from,
                peer -> peer.pieceAsked(self, wanted, piece -> {
                    if (told.compareAndSet(false, true)) {
                        answer.accept(piece == null ? null : CheckpointPiece.decode(piece));
                    }
                }));
    }

    /** A piece is smaller than it would be, so that there are several, and may arrive other than it was. */
    private void pieceAsked(NodeId from, Wanted wanted, Consumer<@Nullable Bytes> answer) {
        Bytes encoded = null;
        try {
            CheckpointPiece piece = taking.piece(wanted);
            if (piece != null) {
                byte[] bytes = piece.bytes().array();
                byte[] part = Arrays.copyOf(
                        bytes, Math.min(bytes.length, world.random().nextInt(100, 1_000)));
                if (part.length > 0 && world.chance(raft.hardships.checkpoints().flipped())) {
                    part = SimulatedFiles.flipped(world, part);
                }
                encoded = new CheckpointPiece(piece.id(), piece.size(), piece.offset(), Bytes.of(part)).encode();
            }
        } catch (IOException unreadable) {
            world.trace(() -> this + " can't read its checkpoint: " + unreadable);
        }
        Bytes sent = encoded;
        send(from, peer -> answer.accept(sent));
    }

    private void fetched(@Nullable Restored restored, @Nullable Throwable failure) {
        fetched = restored;
        if (restored == null) {
            fetching = false;
            world.trace(() -> this + " has not fetched a checkpoint: " + failure);
        }
    }

    /** The leader sends what comes next here: it has all that is needed, and would never have the checkpoint installed. */
    private void abandonFetched() {
        world.trace(() -> this + " does without a fetched checkpoint");
        fetching = false;
        fetched = null;
    }

    private void install(Restored restored, Voters voters) {
        if (restored.id().position() <= applied) {
            world.trace(() -> this + " does not go on from a fetched checkpoint, and is at " + applied);
            fetching = false;
            fetched = null;
            return;
        }
        try {
            folder.keep(restored.id());
        } catch (IOException notNow) {
            world.trace(() -> this + " does not install a checkpoint yet: " + notNow);
            return;
        }
        fetching = false;
        fetched = null;
        try {
            taking.become(restored);
        } catch (IOException corrupt) {
            fail(corrupt);
            return;
        }
        goOnFrom(restored.id(), voters);
        purge();
        world.trace(() -> this + " goes on from a fetched checkpoint at " + applied);
        raft.observer.installed(group, self, applied, machine);
        apply();
    }

    // Elections

    private void postponeElection(int factor) {
        electionAt = world.nanos() + factor * world.micros(150_000, 300_000);
    }

    private void electionDue() {
        if (over) {
            return;
        }
        if (!leads && world.nanos() >= electionAt) {
            campaign();
        }
        purge();
        world.after(Math.max(1, leads ? HEARTBEAT_NANOS : electionAt - world.nanos()), process, this::electionDue);
    }

    private void takeOver() {
        if (!leads) {
            campaign();
        }
    }

    /** One that is no voter waits: it may be one that is being added, or was removed. */
    private void campaign() {
        if (!disk.voters().all().contains(self) || !disk.hasCaughtUp()) {
            postponeElection(1);
            return;
        }
        disk.term(disk.term() + 1, self);
        leader = null;
        votes.clear();
        votes.add(self);
        postponeElection(1);
        world.trace(() -> this + " asks for votes in term " + disk.term());
        changed();
        long term = disk.term();
        long last = disk.last();
        long lastTerm = disk.termAt(last);
        broadcast(peer -> peer.voteAsked(self, term, last, lastTerm));
        countVotes();
    }

    /** Ratis does not recognise a candidate that is no voter as far as it knows, either. */
    private void voteAsked(NodeId candidate, long term, long last, long lastTerm) {
        if (!disk.voters().all().contains(candidate) || !disk.hasCaughtUp()) {
            return;
        }
        rise(term);
        long ownTerm = disk.termAt(disk.last());
        boolean upToDate = lastTerm > ownTerm || (lastTerm == ownTerm && last >= disk.last());
        boolean granted = term == disk.term()
                && upToDate
                && (disk.vote() == null || disk.vote().equals(candidate));
        if (granted) {
            disk.term(term, candidate);
            postponeElection(1);
        }
        long now = disk.term();
        send(candidate, peer -> peer.voteAnswered(self, now, term, granted));
    }

    private void voteAnswered(NodeId voter, long voterTerm, long term, boolean granted) {
        rise(voterTerm);
        if (granted && term == disk.term() && !leads && self.equals(disk.vote())) {
            votes.add(voter);
            countVotes();
        }
    }

    private void countVotes() {
        if (leads || !disk.voters().haveMajority(votes)) {
            return;
        }
        leads = true;
        leader = self;
        next.clear();
        matched.clear();
        stages.clear();
        if (!append(new Entry(disk.term(), null))) {
            return;
        }
        firstOfTerm = disk.last();
        world.trace(() -> this + " leads in term " + disk.term());
        changed();
        raft.observer.leads(group, self);
        sync(disk.last(), this::ownSynced);
        heartbeat(disk.term());
    }

    private void heartbeat(long term) {
        if (!over && leads && disk.term() == term) {
            replicate();
            world.after(HEARTBEAT_NANOS, process, () -> heartbeat(term));
        }
    }

    /** A replica that hears of a higher term becomes a follower in it. */
    private void rise(long term) {
        if (term > disk.term()) {
            disk.term(term, null);
            leader = null;
            follow("there is term " + term);
        }
    }

    private void follow(String why) {
        boolean led = leads;
        leads = false;
        votes.clear();
        changed();
        if (led) {
            world.trace(() -> this + " leads no more: " + why);
            postponeElection(1);
            failProposals(why);
            failChange(why);
        }
    }

    private void failChange(String why) {
        Change now = change;
        change = null;
        if (now != null) {
            now.done().completeExceptionally(new IllegalStateException(why));
        }
    }

    private void failProposals(String why) {
        List<Proposal<E, R>> open = List.copyOf(proposals.values());
        proposals.clear();
        open.forEach(proposal -> proposal.answer()
                .completeExceptionally(new UnknownOutcomeException(
                        "Not known whether it was committed", new IllegalStateException(why))));
    }

    // Replication

    /** To all voters, and to those that are about to be. */
    private void replicate() {
        disk.voters().all().forEach(this::replicate);
        Change now = change;
        if (now != null) {
            now.to().stream()
                    .filter(node -> !disk.voters().all().contains(node))
                    .forEach(this::replicate);
        }
    }

    private void replicate(NodeId peer) {
        if (peer.equals(self)) {
            return;
        }
        long previous = next.computeIfAbsent(peer, none -> disk.last() + 1) - 1;
        long purged = disk.purged();
        Ask ask = new Ask(self, disk.term(), stages.getOrDefault(peer, 0));
        if (previous < purged) {
            Voters committedVoters = disk.votersAt(Math.max(purged, commit));
            long appliedNow = applied;
            send(peer, follower -> follower.fetchAsked(ask, purged, appliedNow, committedVoters));
            return;
        }
        long previousTerm = disk.termAt(previous);
        List<Entry> entries = disk.after(previous, MAX_APPEND);
        long committed = commit;
        send(peer, follower -> follower.appendAsked(ask, previous, previousTerm, entries, committed));
    }

    /**
     * What a leader says of itself to a replica, which answers with it.
     *
     * @param stage an answer counts only until the replica begins with nothing again
     */
    private record Ask(NodeId leader, long term, int stage) {}

    /** Tells whether the sender leads in this replica's term, or a later one; then it is followed. */
    private boolean follows(Ask ask) {
        rise(ask.term());
        if (ask.term() < disk.term()) {
            answer(ask, false, 0);
            return false;
        }
        if (!ask.leader().equals(leader)) {
            leader = ask.leader();
            follow("another leads");
        }
        contactAt = world.nanos();
        postponeElection(1);
        return true;
    }

    private void answer(Ask ask, boolean success, long position) {
        long term = disk.term();
        send(ask.leader(), peer -> peer.appendAnswered(self, term, ask, success, position));
    }

    private void appendAsked(Ask ask, long previous, long previousTerm, List<Entry> entries, long committed) {
        if (!follows(ask)) {
            return;
        }
        if (fetching) {
            if (fetched != null && previous <= disk.last()) {
                abandonFetched();
            }
            answer(ask, false, disk.last());
            return;
        }
        boolean known = previous < disk.purged();
        if (!known && (disk.last() < previous || disk.termAt(previous) != previousTerm)) {
            long hint = Math.min(disk.last(), previous - 1);
            answer(ask, false, hint);
            return;
        }
        long position = previous;
        for (Entry entry : entries) {
            position++;
            if (position <= disk.purged()) {
                continue; // it went into a checkpoint, and so was committed
            }
            if (disk.last() >= position && disk.termAt(position) != entry.term()) {
                if (position <= commit) {
                    world.fail(this + " was told to forget " + position + ", which was committed", null);
                }
                disk.cut(position - 1);
            }
            if (disk.last() < position && !append(entry)) {
                return;
            }
        }
        changed();
        long match = position;
        if (commit < Math.min(committed, match)) {
            commit = Math.min(committed, match);
            apply();
        }
        sync(match, () -> answer(ask, true, match));
    }

    private void appendAnswered(NodeId from, long peerTerm, Ask ask, boolean success, long position) {
        rise(peerTerm);
        if (!leads || ask.term() != disk.term() || ask.stage() != stages.getOrDefault(from, 0)) {
            return;
        }
        if (success) {
            matched.merge(from, position, Math::max);
            next.merge(from, position + 1, Math::max);
            advance();
        } else {
            long known = next.getOrDefault(from, disk.last() + 1);
            next.put(from, Math.max(matched.getOrDefault(from, 0L) + 1, Math.min(known, position + 1)));
        }
        goOnChanging();
        if (next.get(from) <= disk.last()) {
            replicate(from);
        }
    }

    private void ownSynced() {
        if (leads) {
            advance();
        }
    }

    private void advance() {
        matched.put(self, disk.synced());
        long majority = disk.voters().decided(voter -> matched.getOrDefault(voter, 0L));
        if (majority > commit && disk.termAt(majority) == disk.term()) {
            commit = majority;
            raft.committed(group, commit, disk.votersAt(commit));
            apply();
            goOnChanging();
        }
    }

    // Changes of the voters

    /**
     * @param from the voters before
     * @param lastAtBegin the position that new voters have to reach before they count
     */
    private record Change(Set<NodeId> from, Set<NodeId> to, long lastAtBegin, CompletableFuture<Void> done) {}

    @Override
    public boolean votersAreCommitted() {
        return disk.lastChange() <= commit;
    }

    @Override
    public CompletableFuture<Void> changeVoters(Set<NodeId> from, Set<NodeId> to) {
        Voters voters = disk.voters();
        if (over
                || !leads
                || applied < firstOfTerm
                || change != null
                || voters.isJoint()
                || !voters.now().equals(from)) {
            return CompletableFuture.failedFuture(new NotLeaderException(this + " can't change its voters", null));
        }
        Change begun = new Change(Set.copyOf(from), Set.copyOf(to), disk.last(), new CompletableFuture<>());
        change = begun;
        world.trace(() -> this + " is about to change its voters from " + from + " to " + to);
        raft.observer.changing(group, self, from, to);
        world.after(STAGING_NANOS, process, () -> giveUp(begun));
        to.stream().filter(node -> !from.contains(node)).forEach(joining -> {
            next.remove(joining);
            matched.remove(joining);
            stages.merge(joining, 1, Integer::sum);
        });
        replicate();
        goOnChanging();
        return begun.done();
    }

    /** As with Ratis, a change whose new voters don't catch up leaves nothing behind. */
    private void giveUp(Change begun) {
        if (begun.equals(change) && !disk.voters().isJoint()) {
            change = null;
            begun.done().completeExceptionally(new IllegalStateException("the new voters make no progress"));
        }
    }

    /** Begins the change once the new voters have caught up, and ends it once it has begun for a majority; also one of an earlier leader. */
    private void goOnChanging() {
        if (!leads || over) {
            return;
        }
        Voters voters = disk.voters();
        Change now = change;
        if (voters.isJoint()) {
            if (commit >= disk.lastChange()) {
                vote(new Voters(voters.now(), Set.of()));
            }
        } else if (now != null && voters.now().equals(now.to())) {
            if (commit >= disk.lastChange()) {
                change = null;
                world.trace(() -> this + " has changed its voters to " + now.to());
                raft.observer.changed(group, self, now.to());
                now.done().complete(null);
            }
        } else if (now != null
                && now.to().stream()
                        .allMatch(node ->
                                now.from().contains(node) || matched.getOrDefault(node, 0L) >= now.lastAtBegin())) {
            vote(new Voters(new TreeSet<>(now.to()), new TreeSet<>(now.from())));
            raft.observer.joined(group, self);
        }
    }

    private void vote(Voters voters) {
        if (append(new Entry(disk.term(), null, voters))) {
            changed();
            sync(disk.last(), this::ownSynced);
            replicate();
        }
    }

    private void sync(long position, Runnable then) {
        if (!raft.hardships.syncs()) {
            disk.synced(position);
            then.run();
            return;
        }
        long cuts = disk.cuts();
        long wait = world.chance(raft.hardships.slowSync()) ? world.micros(1_000, 300_000) : world.micros(50, 1_000);
        world.after(wait, process, () -> {
            if (!over && disk.cuts() == cuts) {
                disk.synced(position);
                then.run();
            }
        });
    }

    // Applying

    private void apply() {
        if (applying || over || applied >= commit) {
            return;
        }
        applying = true;
        long lag = world.chance(raft.hardships.slowApply()) ? world.micros(1_000, 200_000) : world.micros(2, 60);
        world.after(lag, process, this::applyNext);
    }

    private void applyNext() {
        applying = false;
        if (over) {
            return;
        }
        if (applied >= commit) {
            return; // a checkpoint was there first
        }
        long position = applied + 1;
        Entry entry = disk.entry(position);
        byte[] bytes = entry.bytes();
        Proposal<E, R> proposal = proposals.remove(position);
        R answer = null;
        if (bytes != null) {
            try {
                answer = proposal != null ? machine.apply(position, proposal.entry()) : machine.replay(position, bytes);
            } catch (RuntimeException failure) {
                fail(failure);
                if (proposal != null) {
                    proposal.answer()
                            .completeExceptionally(new UnknownOutcomeException("The machine has failed", failure));
                }
                return;
            }
            raft.observer.applied(group, self, position, bytes, answer, machine);
        }
        applied = position;
        if (bytes != null) {
            taking.applied(entry.term(), position);
        }
        purge();
        if (leads && applied == firstOfTerm) {
            changed();
        }
        if (proposal != null) {
            proposal.answer().complete(answer);
        }
        apply();
    }

    private void fail(Exception failure) {
        raft.observer.failed(group, self, failure);
        stop();
    }

    /** Tells whether there was room; if not, the replica stops, until its process is started again. */
    private boolean append(Entry entry) {
        if (raft.isFull(self)) {
            world.trace(() -> this + " stops: its disk is full");
            stop();
            return false;
        }
        disk.append(entry);
        return true;
    }

    boolean isOver() {
        return over;
    }

    private void stop() {
        over = true;
        leads = false;
        leader = null;
        failProposals("the replica has stopped");
        failChange("the replica has stopped");
        changed();
    }

    // What the port asks for

    @Override
    public CompletableFuture<R> propose(E entry) {
        if (over || !leads || world.chance(raft.hardships.refused())) {
            return CompletableFuture.failedFuture(
                    new NotLeaderException(this + " does not lead", self.equals(leader) ? null : leader));
        }
        byte[] bytes = machine.encode(entry);
        raft.observer.proposed(group, self, bytes);
        Proposal<E, R> proposal = new Proposal<>(entry, new CompletableFuture<>());
        if (!append(new Entry(disk.term(), bytes))) {
            return CompletableFuture.failedFuture(
                    new UnknownOutcomeException("Not written", new IOException("No space left on device")));
        }
        long position = disk.last();
        proposals.put(position, proposal);
        sync(position, this::ownSynced);
        replicate();
        if (world.chance(raft.hardships.unknown())) {
            world.after(world.micros(0, 50_000), process, () -> {
                if (proposals.remove(position, proposal)) {
                    proposal.answer()
                            .completeExceptionally(
                                    new UnknownOutcomeException("Made unknown", new IllegalStateException("hardship")));
                }
            });
        }
        return proposal.answer();
    }

    private Leadership observed() {
        Voters voters = disk.voters();
        return new Leadership(
                disk.term(),
                leads,
                leads && applied >= firstOfTerm,
                over ? null : leader,
                voters.isJoint() ? List.of(voters.now(), voters.before()) : List.of(voters.now()));
    }

    private void changed() {
        Leadership now = observed();
        if (!now.equals(leadership)) {
            leadership = now;
            machine.leadershipChanged();
        }
    }

    @Override
    public Leadership leadership() {
        return leadership;
    }

    @Override
    public long commitPosition() {
        return commit;
    }

    @Override
    public long appliedPosition() {
        return applied;
    }

    @Override
    public long sinceLeaderContactNanos() {
        if (leads) {
            return 0;
        }
        return over || contactAt == Long.MIN_VALUE ? Long.MAX_VALUE : world.nanos() - contactAt;
    }

    @Override
    public void stepDown(@Nullable NodeId successor) {
        if (!leads) {
            return;
        }
        leader = null;
        follow("it steps down");
        raft.observer.transfers(group, self);
        postponeElection(3);
        List<NodeId> voters = disk.voters().all();
        NodeId heir = successor == null ? voters.get(world.random().nextInt(voters.size())) : successor;
        if (!heir.equals(self)) {
            send(heir, SimulatedLog::takeOver);
        }
    }

    @Override
    public void close() {
        if (!over) {
            stop();
        }
    }

    // Messages

    private void broadcast(Consumer<SimulatedLog<?, ?>> message) {
        disk.voters().all().forEach(voter -> send(voter, message));
    }

    private void send(NodeId to, Consumer<SimulatedLog<?, ?>> message) {
        SimulatedLog<?, ?> peer = to.equals(self) ? null : raft.replica(group, to);
        if (peer != null) {
            raft.network.datagram(process, peer.process, () -> {
                if (!peer.over) {
                    message.accept(peer);
                }
            });
        }
    }

    @Override
    public String toString() {
        return self + "/" + (group < 0 ? "control" : "shard " + group);
    }
}
