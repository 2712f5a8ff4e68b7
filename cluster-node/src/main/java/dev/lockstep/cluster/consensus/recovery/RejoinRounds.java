package dev.lockstep.cluster.consensus.recovery;

import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Decision;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.RejoinState;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rounds in which a replica that has lost state asks all others for their state, until it may rejoin
 * ({@link RejoinProtocol}). Used on one loop, but for {@link #waitsFor}.
 */
public final class RejoinRounds {

    private static final Logger LOG = LoggerFactory.getLogger(RejoinRounds.class);
    private static final long FIRST_REPORT_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long NEXT_REPORT_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final String name;
    private final List<NodeId> others;
    private final EventLoop loop;
    private final Time time;
    private final long electionNanos;
    private final Map<NodeId, RejoinState> answers = new HashMap<>();
    private final Set<NodeId> seenNew = new HashSet<>();
    private long losses;
    private volatile String waitsFor = "";
    private long nextReportNanos;
    private Decision.@Nullable Begin decided;
    private long decidedNanos;

    /** The other replicas of the group. */
    public interface Peers {

        /**
         * Tells another replica this one's state and asks for its own.
         *
         * @param answer takes it, or null if there was none; called once, on any thread
         */
        void askForRejoinState(NodeId other, RejoinState own, Consumer<@Nullable RejoinState> answer);
    }

    /**
     * @param name of the replica, for logs
     * @param electionNanos in which a group elects a leader, if it can
     */
    public RejoinRounds(String name, List<NodeId> others, EventLoop loop, Time time, long electionNanos) {
        this.name = name;
        this.electionNanos = electionNanos;
        this.others = others;
        this.loop = loop;
        this.time = time;
    }

    /** Discards all answers: they say nothing of what the others have done since. */
    public void discardAnswers() {
        losses++;
        decided = null;
        answers.clear();
    }

    /** Records that another replica has said that it is new. */
    public void seenNew(NodeId other) {
        if (others.contains(other)) {
            seenNew.add(other);
        }
    }

    /** Asks all, and decides from the answers to the rounds before. */
    public Decision ask(Peers peers, RejoinState own) {
        long asked = losses;
        RejoinState says = decided == null ? own : new RejoinState(own.integrity(), decided.term());
        for (NodeId other : others) {
            peers.askForRejoinState(other, says, answer -> loop.execute(() -> answered(other, answer, asked)));
        }
        Decision decision = decided == null ? RejoinProtocol.decide(own, others, answers, seenNew) : decided;
        if (decision instanceof Decision.Begin begin && !begin.votes()) {
            decision = onceTheOthersAreInItsTerm(begin);
        }
        if (decision instanceof Decision.Wait wait) {
            report(wait.why());
        }
        return decision;
    }

    /**
     * Waits until the others have elected a leader in the term in which this replica rejoins: a leader in a lower term
     * would be deposed by the mere return of this replica. Therefore the others are told the term first, and their
     * leader steps down for one in that term. The decision stays valid meanwhile, since this replica does nothing.
     * After a while it rejoins in any case.
     */
    private Decision onceTheOthersAreInItsTerm(Decision.Begin begin) {
        if (decided == null) {
            decided = begin;
            decidedNanos = time.nanos();
        }
        boolean elected = answers.values().stream().anyMatch(answer -> answer.term() >= begin.term());
        return elected || time.nanos() - decidedNanos > electionNanos
                ? begin
                : new Decision.Wait("the others elect a leader in term " + begin.term()
                        + ", so that none is deposed when it rejoins");
    }

    private void answered(NodeId other, @Nullable RejoinState answer, long asked) {
        if (answer != null && asked == losses) {
            answers.put(other, answer);
            if (answer.integrity() == ReplicaIntegrity.NEW) {
                seenNew.add(other);
            }
        }
    }

    private void report(String why) {
        long now = time.nanos();
        if (waitsFor.isEmpty()) {
            nextReportNanos = now + FIRST_REPORT_NANOS;
        }
        waitsFor = why;
        if (now - nextReportNanos >= 0) {
            nextReportNanos = now + NEXT_REPORT_NANOS;
            LOG.warn("The replica of {} waits to rejoin: {}", name, why);
        }
    }

    /** The reason why it waits; empty if that is not known yet. On any thread. */
    public String waitsFor() {
        return waitsFor;
    }
}
