package dev.lockstep.cluster.consensus.recovery;

import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Decision;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.RejoinState;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A group of replicas that follow Raft's rules (Ongaro and Ousterhout, 2014, figure 2), some of which forget what they had and take part
 * again by {@link RejoinProtocol}'s. Messages are late, lost, doubled and out of order; which, is decided by a seed. It is no more than the rules: no
 * clock, no checkpoints, no client.
 */
final class RejoinModel {

    /** Defects of a replica that begins again, for the model to be seen to notice. */
    enum Defect {
        VOTES_AT_ONCE,
        STANDS_AT_ONCE,
        BEGINS_IN_ITS_OWN_TERM,
        ASKS_ONLY_ONE,
        VOTES_AFTER_ANY_ENTRY,
        TAKES_OLD_ANSWERS
    }

    private static final int MOST_MESSAGES = 60;
    private static final int LEFT_FOR = 150;

    private record Entry(long term, long value) {}

    private sealed interface Message {
        int to();
    }

    private record Vote(int from, int to, long term, int lastIndex, long lastTerm) implements Message {}

    private record Voted(int from, int to, long term, boolean granted) implements Message {}

    private record Append(int from, int to, long term, int prevIndex, long prevTerm, List<Entry> entries)
            implements Message {}

    private record Appended(int from, int to, long term, boolean success, int match) implements Message {}

    private record Ask(int from, int to, int life, RejoinState rejoinState) implements Message {}

    private record Answer(int from, int to, int life, RejoinState rejoinState) implements Message {}

    private static final class Replica {
        final int id;
        long term;
        int votedFor = -1;
        List<Entry> log = new ArrayList<>();
        int synced;
        boolean leads;
        boolean campaigning;
        Set<Integer> votes = new HashSet<>();
        Map<Integer, Integer> matches = new HashMap<>();
        ReplicaIntegrity integrity = ReplicaIntegrity.NEW;
        long floor;
        int life;
        final Map<Integer, RejoinState> answers = new HashMap<>();
        final Set<Integer> seenNew = new HashSet<>();

        Replica(int id) {
            this.id = id;
        }

        boolean isOpen() {
            return integrity == ReplicaIntegrity.INTACT || integrity == ReplicaIntegrity.CATCHING_UP;
        }

        long lastTerm() {
            return log.isEmpty() ? 0 : log.get(log.size() - 1).term();
        }

        RejoinState rejoinState() {
            return new RejoinState(
                    integrity, integrity == ReplicaIntegrity.LOST || integrity == ReplicaIntegrity.NEW ? 0 : term);
        }

        void follow() {
            leads = false;
            campaigning = false;
        }

        void sees(long higher) {
            if (higher > term) {
                term = higher;
                votedFor = -1;
                follow();
            }
        }
    }

    private final Random random;
    private final Set<Defect> defects;
    private final List<Replica> replicas;
    private final List<Message> messages = new ArrayList<>();
    private final List<Entry> committed = new ArrayList<>();
    private final Map<Long, Integer> leaders = new HashMap<>();
    private long values;
    private int begunAgain;
    /** Gets no entries for a while, so that only the fewest have them. */
    private int left = -1;

    RejoinModel(long seed, int size, Set<Defect> defects) {
        this.random = new Random(seed);
        this.defects = defects.isEmpty() ? EnumSet.noneOf(Defect.class) : EnumSet.copyOf(defects);
        this.replicas = IntStream.range(0, size).mapToObj(Replica::new).toList();
    }

    int committed() {
        return committed.size();
    }

    /** Counts how often a replica that had forgotten something has come to vote again. */
    int begunAgain() {
        return begunAgain;
    }

    /** @throws AssertionError when something committed is lost, or two lead in a term */
    void run(int steps) {
        for (int i = 0; i < steps; i++) {
            step();
        }
    }

    private void step() {
        Replica one = replicas.get(random.nextInt(replicas.size()));
        if (random.nextInt(LEFT_FOR) == 0) {
            left = random.nextInt(replicas.size() + 1);
        }
        int kind = random.nextInt(100);
        if (kind < 55) {
            deliver();
        } else if (kind < 62) {
            stand(one);
        } else if (kind < 72) {
            propose(one);
        } else if (kind < 86) {
            replicate(one);
        } else if (kind < 96) {
            ask(one);
        } else if (kind < 98) {
            restart(one);
        } else {
            forget(one);
        }
        checkCaughtUp(one);
    }

    private void send(Message message) {
        if (messages.size() < MOST_MESSAGES) {
            messages.add(message);
        }
    }

    private void deliver() {
        if (messages.isEmpty()) {
            return;
        }
        int index = random.nextInt(messages.size());
        boolean twice = random.nextInt(10) == 0;
        Message message = twice ? messages.get(index) : messages.remove(index);
        Replica to = replicas.get(message.to());
        if (random.nextInt(20) == 0) {
            return;
        }
        if (message instanceof Ask ask) {
            asked(to, ask);
        } else if (message instanceof Answer answer) {
            answered(to, answer);
        } else if (to.isOpen() && !(message instanceof Append && to.id == left)) {
            raft(to, message);
        }
    }

    private void raft(Replica to, Message message) {
        if (message instanceof Vote vote) {
            vote(to, vote);
        } else if (message instanceof Voted voted) {
            to.sees(voted.term());
            if (to.campaigning && voted.term() == to.term && voted.granted()) {
                to.votes.add(voted.from());
                lead(to);
            }
        } else if (message instanceof Append append) {
            append(to, append);
        } else if (message instanceof Appended appended) {
            to.sees(appended.term());
            if (to.leads && appended.term() == to.term && appended.success()) {
                to.matches.merge(appended.from(), appended.match(), Math::max);
                commit(to);
            }
        }
    }

    // Raft

    private void stand(Replica one) {
        boolean may = one.integrity == ReplicaIntegrity.INTACT
                || (one.integrity == ReplicaIntegrity.CATCHING_UP && defects.contains(Defect.STANDS_AT_ONCE));
        if (may && !one.leads) {
            one.term++;
            one.votedFor = one.id;
            one.campaigning = true;
            one.votes = new HashSet<>(Set.of(one.id));
            for (Replica other : replicas) {
                if (other != one) {
                    send(new Vote(one.id, other.id, one.term, one.log.size(), one.lastTerm()));
                }
            }
        }
    }

    private void vote(Replica to, Vote vote) {
        if (to.integrity == ReplicaIntegrity.CATCHING_UP && !defects.contains(Defect.VOTES_AT_ONCE)) {
            return;
        }
        to.sees(vote.term());
        boolean current = vote.lastTerm() > to.lastTerm()
                || (vote.lastTerm() == to.lastTerm() && vote.lastIndex() >= to.log.size());
        boolean granted = vote.term() == to.term && (to.votedFor == -1 || to.votedFor == vote.from()) && current;
        if (granted) {
            to.votedFor = vote.from();
        }
        send(new Voted(to.id, vote.from(), to.term, granted));
    }

    private void lead(Replica one) {
        if (isMajority(one.votes.size())) {
            Integer other = leaders.putIfAbsent(one.term, one.id);
            if (other != null) {
                throw new AssertionError(one.id + " and " + other + " lead in term " + one.term);
            }
            one.campaigning = false;
            one.leads = true;
            one.matches = new HashMap<>();
            for (int i = 0; i < committed.size(); i++) {
                if (i >= one.log.size() || !one.log.get(i).equals(committed.get(i))) {
                    throw new AssertionError(
                            one.id + " leads in term " + one.term + " without " + committed.get(i) + " at " + i);
                }
            }
            one.log.add(new Entry(one.term, 0));
            one.synced = one.log.size();
        }
    }

    private void propose(Replica one) {
        if (one.leads) {
            one.log.add(new Entry(one.term, ++values));
            one.synced = one.log.size();
        }
    }

    private void replicate(Replica one) {
        if (one.leads) {
            for (Replica other : replicas) {
                if (other != one) {
                    int known = one.matches.getOrDefault(other.id, 0);
                    int prev = Math.min(one.log.size(), random.nextBoolean() ? known : random.nextInt(known + 1));
                    send(new Append(
                            one.id,
                            other.id,
                            one.term,
                            prev,
                            prev == 0 ? 0 : one.log.get(prev - 1).term(),
                            List.copyOf(one.log.subList(prev, one.log.size()))));
                }
            }
        }
    }

    private void append(Replica to, Append append) {
        if (append.term() < to.term) {
            send(new Appended(to.id, append.from(), to.term, false, 0));
            return;
        }
        to.sees(append.term());
        to.follow();
        boolean fits = append.prevIndex() <= to.log.size()
                && (append.prevIndex() == 0
                        || to.log.get(append.prevIndex() - 1).term() == append.prevTerm());
        if (!fits) {
            send(new Appended(to.id, append.from(), to.term, false, 0));
            return;
        }
        for (int i = 0; i < append.entries().size(); i++) {
            int at = append.prevIndex() + i;
            if (at < to.log.size()
                    && to.log.get(at).term() != append.entries().get(i).term()) {
                to.log = new ArrayList<>(to.log.subList(0, at));
            }
            if (at == to.log.size()) {
                to.log.add(append.entries().get(i));
            }
        }
        // What is acknowledged is not always on the disk yet.
        to.synced = random.nextBoolean() ? to.log.size() : Math.min(to.synced, to.log.size());
        int match = append.prevIndex() + append.entries().size();
        send(new Appended(to.id, append.from(), to.term, true, match));
    }

    private void commit(Replica leader) {
        for (int index = leader.log.size(); index > committed.size(); index--) {
            int end = index;
            long have = 1
                    + leader.matches.values().stream()
                            .filter(match -> match >= end)
                            .count();
            if (leader.log.get(index - 1).term() == leader.term && isMajority((int) have)) {
                committed.addAll(List.copyOf(leader.log.subList(committed.size(), index)));
                return;
            }
        }
    }

    private boolean isMajority(int count) {
        return 2 * count > replicas.size();
    }

    // Forgetting

    private void restart(Replica one) {
        one.follow();
    }

    /** Lets a replica lose its state, as many at a time as a group survives. */
    private void forget(Replica one) {
        long others = replicas.stream()
                .filter(replica -> replica != one && replica.integrity != ReplicaIntegrity.INTACT)
                .count();
        if (one.integrity == ReplicaIntegrity.NEW
                || isMajority((int) others + 1)
                || 2 * (others + 1) == replicas.size()) {
            return;
        }
        one.follow();
        if (random.nextBoolean() && one.integrity == ReplicaIntegrity.INTACT) {
            one.integrity = ReplicaIntegrity.TRUNCATED;
            one.log = new ArrayList<>(one.log.subList(0, one.synced));
            one.votedFor = -1;
            one.term = Math.max(one.lastTerm(), one.term - random.nextInt(2)); // a vote can be lost too
        } else {
            one.integrity = ReplicaIntegrity.LOST;
            one.log = new ArrayList<>();
            one.synced = 0;
            one.term = 0;
            one.votedFor = -1;
        }
        if (!defects.contains(Defect.TAKES_OLD_ANSWERS)) {
            one.life++;
            one.answers.clear();
        }
        one.seenNew.clear();
    }

    private void ask(Replica one) {
        if (one.isOpen()) {
            return;
        }
        for (Replica other : replicas) {
            if (other != one) {
                send(new Ask(one.id, other.id, one.life, one.rejoinState()));
            }
        }
        List<Integer> others = replicas.stream()
                .map(replica -> replica.id)
                .filter(id -> id != one.id)
                .toList();
        if (defects.contains(Defect.ASKS_ONLY_ONE) && one.integrity != ReplicaIntegrity.NEW && !one.answers.isEmpty()) {
            RejoinState first = one.answers.values().iterator().next();
            others.forEach(other -> one.answers.putIfAbsent(other, first));
        }
        Decision decision = RejoinProtocol.decide(one.rejoinState(), others, one.answers, one.seenNew);
        if (decision instanceof Decision.Begin begin) {
            begin(one, begin);
        } else if (decision instanceof Decision.FindLost) {
            one.integrity = ReplicaIntegrity.LOST;
        }
    }

    private void begin(Replica one, Decision.Begin begin) {
        boolean whole = one.integrity == ReplicaIntegrity.NEW || begin.votes();
        one.floor = begin.term() - 1;
        if (!defects.contains(Defect.BEGINS_IN_ITS_OWN_TERM)) {
            one.term = Math.max(one.term, begin.term());
        } else {
            one.floor = one.term;
        }
        one.integrity = whole ? ReplicaIntegrity.INTACT : ReplicaIntegrity.CATCHING_UP;
    }

    private void asked(Replica to, Ask ask) {
        if (ask.rejoinState().integrity() == ReplicaIntegrity.NEW) {
            to.seenNew.add(ask.from());
        }
        send(new Answer(to.id, ask.from(), ask.life(), to.rejoinState()));
    }

    private static void answered(Replica to, Answer answer) {
        if (answer.life() == to.life && !to.isOpen()) {
            to.answers.put(answer.from(), answer.rejoinState());
            if (answer.rejoinState().integrity() == ReplicaIntegrity.NEW) {
                to.seenNew.add(answer.from());
            }
        }
    }

    private void checkCaughtUp(Replica one) {
        if (one.integrity == ReplicaIntegrity.CATCHING_UP) {
            boolean caughtUp = defects.contains(Defect.VOTES_AFTER_ANY_ENTRY)
                    ? one.synced > 0
                    : one.synced > 0 && one.log.get(one.synced - 1).term() > one.floor;
            if (caughtUp) {
                one.integrity = ReplicaIntegrity.INTACT;
                begunAgain++;
            }
        }
    }
}
