package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.consensus.ratis.Amnesia.Decision;
import dev.lockstep.cluster.consensus.ratis.Amnesia.Memory;
import dev.lockstep.cluster.consensus.ratis.Amnesia.Standing;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftPeerId;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rounds in which a replica that does not remember everything asks all others for their standing, until they let it take part
 * again ({@link Amnesia}). Used on one loop, but for {@link #waitsFor}.
 */
final class StandingRounds {

    private static final Logger LOG = LoggerFactory.getLogger(StandingRounds.class);
    private static final long FIRST_WORD_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long NEXT_WORD_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final String name;
    private final RaftGroup group;
    private final List<RaftPeerId> others;
    private final EventLoop loop;
    private final Time time;
    private final long electionNanos;
    private final Map<RaftPeerId, Standing> answers = new HashMap<>();
    private final Set<RaftPeerId> seenNew = new HashSet<>();
    private long losses;
    private volatile String waitsFor = "";
    private long nextWordNanos;
    private Decision.@Nullable Begin decided;
    private long decidedNanos;

    /**
     * @param name of the replica, for people
     * @param electionNanos in which a group elects a leader, if it can
     */
    StandingRounds(
            String name, RaftGroup group, List<RaftPeerId> others, EventLoop loop, Time time, long electionNanos) {
        this.name = name;
        this.electionNanos = electionNanos;
        this.group = group;
        this.others = others;
        this.loop = loop;
        this.time = time;
    }

    /** What was answered does not count any more: it says nothing of what the others may have done since. */
    void forget() {
        losses++;
        decided = null;
        answers.clear();
    }

    /** Another has said that it is new. */
    void seenNew(RaftPeerId other) {
        if (others.contains(other)) {
            seenNew.add(other);
        }
    }

    /** Asks all, and says what follows from the answers to the rounds before. */
    Decision ask(LinkRpc rpc, Standing own) {
        rpc.addRaftPeers(group.getPeers());
        long asked = losses;
        Standing says = decided == null ? own : new Standing(own.memory(), decided.term());
        for (RaftPeerId other : others) {
            rpc.askForStanding(
                    other, group.getGroupId(), says, answer -> loop.execute(() -> answered(other, answer, asked)));
        }
        Decision decision = decided == null ? Amnesia.decide(own, others, answers, seenNew) : decided;
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

    private void answered(RaftPeerId other, @Nullable Standing answer, long asked) {
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
    String waitsFor() {
        return waitsFor;
    }
}
