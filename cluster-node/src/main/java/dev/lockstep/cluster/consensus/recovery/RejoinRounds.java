package dev.lockstep.cluster.consensus.recovery;

import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Decision;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Memory;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Standing;
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
 * The rounds in which a replica that does not remember everything asks all others for their standing, until they let it take part
 * again ({@link RejoinProtocol}). Used on one loop, but for {@link #waitsFor}.
 */
public final class RejoinRounds {

    private static final Logger LOG = LoggerFactory.getLogger(RejoinRounds.class);
    private static final long FIRST_WORD_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long NEXT_WORD_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final String name;
    private final List<NodeId> others;
    private final EventLoop loop;
    private final Time time;
    private final long electionNanos;
    private final Map<NodeId, Standing> answers = new HashMap<>();
    private final Set<NodeId> seenNew = new HashSet<>();
    private long losses;
    private volatile String waitsFor = "";
    private long nextWordNanos;
    private Decision.@Nullable Begin decided;
    private long decidedNanos;

    /** The other replicas of the group. */
    public interface Peers {

        /**
         * Tells another replica this one's standing and asks for its own.
         *
         * @param answer takes it, or null if there was none; called once, on any thread
         */
        void askForStanding(NodeId other, Standing own, Consumer<@Nullable Standing> answer);
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

    /** What was answered does not count any more: it says nothing of what the others may have done since. */
    public void forget() {
        losses++;
        decided = null;
        answers.clear();
    }

    /** Another has said that it is new. */
    public void seenNew(NodeId other) {
        if (others.contains(other)) {
            seenNew.add(other);
        }
    }

    /** Asks all, and says what follows from the answers to the rounds before. */
    public Decision ask(Peers peers, Standing own) {
        long asked = losses;
        Standing says = decided == null ? own : new Standing(own.memory(), decided.term());
        for (NodeId other : others) {
            peers.askForStanding(other, says, answer -> loop.execute(() -> answered(other, answer, asked)));
        }
        Decision decision = decided == null ? RejoinProtocol.decide(own, others, answers, seenNew) : decided;
        if (decision instanceof Decision.Begin begin && !begin.votes()) {
            decision = onceTheOthersAreInItsTerm(begin);
        }
        if (decision instanceof Decision.Wait wait) {
            say(wait.why());
        }
        return decision;
    }

    /**
     * A leader in a lower term would be deposed by the mere return of this replica. So the others are told the term first, and their leader has
     * another elected in it; what was decided stays right meanwhile, since this replica does nothing. After a while it begins in any case.
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
                        + ", so that none is deposed when it takes part again");
    }

    private void answered(NodeId other, @Nullable Standing answer, long asked) {
        if (answer != null && asked == losses) {
            answers.put(other, answer);
            if (answer.memory() == Memory.NEW) {
                seenNew.add(other);
            }
        }
    }

    private void say(String why) {
        long now = time.nanos();
        if (waitsFor.isEmpty()) {
            nextWordNanos = now + FIRST_WORD_NANOS;
        }
        waitsFor = why;
        if (now - nextWordNanos >= 0) {
            nextWordNanos = now + NEXT_WORD_NANOS;
            LOG.warn("The replica of {} waits: {}", name, why);
        }
    }

    /** What for; empty if that is not known yet. On any thread. */
    public String waitsFor() {
        return waitsFor;
    }
}
