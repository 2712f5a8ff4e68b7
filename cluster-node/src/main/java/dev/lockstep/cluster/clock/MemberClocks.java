package dev.lockstep.cluster.clock;

import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The wall clocks of the cluster's members, and the times of the logs that they know, as this node has heard of them:
 * it asks each every second, and what is answered was read at some time between question and answer. Thread-safe; the
 * lock guards what was heard, and no node is asked while it is held.
 */
public final class MemberClocks {

    private static final Logger LOG = LoggerFactory.getLogger(MemberClocks.class);

    /** A clock is off if it differs by more from what a majority of the clocks says. */
    static final long OFF_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** Time for which an answer counts. */
    static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(3);

    /** An answer that took longer says too little. */
    static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private static final long EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long WARN_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** In the year 2200: what a clock says beyond is no time, and would not fit where nanoseconds are counted. */
    private static final long LAST_MILLIS = 7_258_118_400_000L;

    private final NodeId self;
    private final Supplier<? extends Collection<NodeId>> members;
    private final TermConfirmations peers;
    private final Time time;
    private final Map<NodeId, Contact> contacts = new HashMap<>();

    private volatile long aheadNanos;
    private long tickedAtNanos;
    private boolean off;
    private long warnedAtNanos;

    /**
     * The difference of a member's wall clock to this node's monotonic one.
     *
     * @param leastNanos if it was read when the answer came
     * @param mostNanos if it was read when it was asked for
     * @param logs the times that the member has for shards
     */
    private record Heard(long leastNanos, long mostNanos, long atNanos, List<Reply.Clock.LogTime> logs) {}

    /** The questions to a member and its answers. */
    private static final class Contact {

        private long askedAtNanos;
        /** The time of its last answer, however late that was, or of the first question. */
        private long answeredAtNanos;
        /** The time of the first question since its last answer, if there is one. */
        private long waitingSinceNanos;

        private boolean isWaitedFor;
        private long roundTripNanos;
        private @Nullable Heard heard;

        Contact(long now) {
            this.answeredAtNanos = now;
        }
    }

    /** The bounds of a wall clock's time, as far as they are known. */
    private record Shown(long earliestNanos, long latestNanos) {}

    /** @param members of the cluster at present, {@code self} among them, always in the same order */
    public MemberClocks(
            NodeId self, Supplier<? extends Collection<NodeId>> members, TermConfirmations peers, Time time) {
        this.self = self;
        this.members = members;
        this.peers = peers;
        this.time = time;
        this.warnedAtNanos = time.nanos() - WARN_NANOS;
        this.tickedAtNanos = time.nanos() - AGAIN_NANOS;
    }

    /** Asks the members that have not answered for a while; called every few milliseconds, by one thread. */
    public void tick() {
        long now = time.nanos();
        if (now - tickedAtNanos < AGAIN_NANOS) {
            return;
        }
        tickedAtNanos = now;
        members.get().stream()
                .filter(member -> !member.equals(self) && isDue(member, now))
                .forEach(this::ask);
        judge(now);
    }

    private synchronized boolean isDue(NodeId member, long now) {
        Contact contact = contacts.computeIfAbsent(member, first -> new Contact(now));
        if (isFresh(contact.heard, now) && now - contact.askedAtNanos < EVERY_NANOS) {
            return false;
        }
        contact.askedAtNanos = now;
        if (!contact.isWaitedFor) {
            contact.isWaitedFor = true;
            contact.waitingSinceNanos = now;
        }
        return true;
    }

    private void ask(NodeId member) {
        long asked = time.nanos();
        peers.ask(member, new Request.ReadClock(), reply -> {
            if (reply instanceof Reply.Clock clock) {
                took(member, clock, asked, time.nanos());
            }
        });
    }

    private synchronized void took(NodeId member, Reply.Clock clock, long asked, long now) {
        Contact contact = contacts.computeIfAbsent(member, first -> new Contact(now));
        contact.answeredAtNanos = now;
        contact.isWaitedFor = false;
        contact.roundTripNanos = now - asked;
        Heard before = contact.heard;
        if (now - asked <= PATIENCE_NANOS && (before == null || before.atNanos() - asked <= 0)) {
            // One that was read when it was asked for has gone on since.
            long shown = nanos(clock.millis());
            contact.heard = new Heard(shown - now, shown - asked, now, clock.logs());
        }
    }

    /** Returns the time for which a member has not answered, since it was asked first; 0 for this node, and for one not asked yet. */
    public synchronized long silentNanos(NodeId member) {
        Contact contact = contacts.get(member);
        return contact == null ? 0 : time.nanos() - contact.answeredAtNanos;
    }

    /**
     * Returns the time that each other member's last answer took, with the network in both directions and the time to be dispatched there; or
     * the time for which its next answer has been waited for, if that is longer.
     */
    public SortedMap<NodeId, Long> roundTripNanos() {
        SortedMap<NodeId, Long> roundTrips = new TreeMap<>();
        members.get().stream()
                .filter(member -> !member.equals(self))
                .forEach(member -> roundTrips.put(member, roundTripNanos(member)));
        return roundTrips;
    }

    private synchronized long roundTripNanos(NodeId member) {
        Contact contact = contacts.get(member);
        if (contact == null) {
            return 0;
        }
        long waited = contact.isWaitedFor ? time.nanos() - contact.waitingSinceNanos : 0;
        return Math.max(contact.roundTripNanos, waited);
    }

    private static long nanos(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(Math.max(0, Math.min(millis, LAST_MILLIS)));
    }

    private static boolean isFresh(@Nullable Heard heard, long now) {
        return heard != null && now - heard.atNanos() < FRESH_NANOS;
    }

    /** Returns the time by the clocks of these members; null when fewer than a majority of them have answered lately. */
    public @Nullable MajorityTime of(Collection<NodeId> group) {
        long now = time.nanos();
        List<Shown> shown = group.stream()
                .map(member -> clock(member, now))
                .filter(Objects::nonNull)
                .toList();
        return MajorityTime.of(
                shown.stream().mapToLong(Shown::earliestNanos).toArray(),
                shown.stream().mapToLong(Shown::latestNanos).toArray(),
                group.size(),
                now);
    }

    /** The latest time of a shard's log of which another member knows; 0 when none has said so lately. */
    public synchronized long logTimeMillis(int shard) {
        long now = time.nanos();
        return contacts.values().stream()
                .map(contact -> contact.heard)
                .filter(one -> isFresh(one, now))
                .flatMapToLong(one -> one.logs().stream()
                        .filter(log -> log.shard() == shard)
                        .mapToLong(log -> nanos(log.millis()) + (now - one.atNanos())))
                .map(TimeUnit.NANOSECONDS::toMillis)
                .max()
                .orElse(0);
    }

    private @Nullable Shown clock(NodeId member, long now) {
        if (member.equals(self)) {
            long own = nanos(time.millis());
            return new Shown(own, own);
        }
        synchronized (this) {
            Contact contact = contacts.get(member);
            Heard last = contact == null ? null : contact.heard;
            return last != null && isFresh(last, now)
                    ? new Shown(last.leastNanos() + now, last.mostNanos() + now)
                    : null;
        }
    }

    private void judge(long now) {
        MajorityTime majority = of(members.get());
        if (majority == null) {
            return;
        }
        long ahead = ahead(majority, now);
        aheadNanos = ahead;
        if (ahead == 0) {
            if (off) {
                off = false;
                LOG.info("The clock of node {} agrees with those of the other members again", self);
            }
        } else if (!off && now - warnedAtNanos >= WARN_NANOS) {
            off = true;
            warnedAtNanos = now;
            LOG.warn(
                    "The clock of node {} is {}. It moves no entry's lifetime; the node hands its shards over while another can"
                            + " lead them. Set the clock right, and let NTP keep it so",
                    self,
                    words(ahead));
        }
    }

    /**
     * Returns the difference of this node's clock from the others', positive if it is ahead; 0 if there is none, or
     * none is known.
     */
    private long ahead(MajorityTime majority, long now) {
        long own = nanos(time.millis());
        long ahead = own - majority.notPassedNanos(now);
        long behind = majority.reachedNanos(now) - own;
        return ahead > OFF_NANOS ? ahead : behind > OFF_NANOS ? -behind : 0;
    }

    private static String words(long ahead) {
        return "%d s %s what most members' clocks say"
                .formatted(TimeUnit.NANOSECONDS.toSeconds(Math.abs(ahead)), ahead > 0 ? "ahead of" : "behind");
    }

    /** Returns how far this node's clock is ahead of most members' clocks, negative if it is behind; 0 if it is not off. */
    public long aheadNanos() {
        return aheadNanos;
    }

    /** Returns true if this node's clock is off, by what a majority of the members says. */
    public boolean isOff() {
        return aheadNanos != 0;
    }

    /** Describes for operators how this node's clock is off; empty if it is not. */
    public String note() {
        long ahead = aheadNanos;
        return ahead == 0 ? "" : "its node's clock is " + words(ahead);
    }
}
