package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The choice of a route for each attempt of one call: the best member not tried in this round, or one that reaches a leader which does
 * not answer here. It sends nothing, and passes on to the directory what the answers say about leaders and replicas. Not thread-safe:
 * attempts follow each other.
 */
final class RouteSelection {

    private final LeaderDirectory directory;
    private final Request request;
    private final int group;
    private final boolean fromLeader;
    private final Set<NodeId> tried = new HashSet<>();
    private final Set<NodeId> detours = new HashSet<>();
    private @Nullable Route detour;
    private boolean fallBack;

    RouteSelection(LeaderDirectory directory, Request request) {
        this.directory = directory;
        this.request = request;
        this.group = request instanceof Request.ToShard toShard ? toShard.shard() : ShardMap.CONTROL_GROUP;
        this.fromLeader = request.route() == Request.Route.LEADER || request.route() == Request.Route.CONTROL;
    }

    /** Tells whether only the leader of the group can answer. */
    boolean isFromLeader() {
        return fromLeader;
    }

    int group() {
        return group;
    }

    /** Returns the members that may be tried, the best first. */
    List<Member> candidates() {
        return directory.candidates(request, fallBack);
    }

    /** Chooses the route of an attempt, given that there are candidates. */
    Route choose(List<Member> candidates, boolean firstAttempt) {
        Route learnt = detour;
        NodeId leader = fromLeader && firstAttempt ? directory.ledBy(group) : null;
        Member through = leader == null ? null : directory.detour(leader);
        detour = null;
        if (through != null) {
            learnt = new Route(through, leader);
        }
        if (learnt != null) {
            detours.add(learnt.to().id());
            return learnt;
        }
        return new Route(untried(candidates), null);
    }

    /**
     * Returns the best that was not tried in this round; after the last a new round begins. A silent node is asked when all are silent.
     */
    private Member untried(List<Member> candidates) {
        boolean allSilent = directory.isSilent(candidates.get(0).id());
        for (Member candidate : candidates) {
            if (!tried.contains(candidate.id()) && (allSilent || !directory.isSilent(candidate.id()))) {
                return candidate;
            }
        }
        beginAnew();
        return candidates.get(0);
    }

    /** Begins a new round: all members may be tried again. */
    void beginAnew() {
        tried.clear();
        detours.clear();
        detour = null;
    }

    /** Returns whether a detour to the leader has been found, that the next attempt takes. */
    boolean hasDetour() {
        return detour != null;
    }

    /** Leaves the member for the rest of this round. */
    void leave(Member member) {
        tried.add(member.id());
    }

    /** Learns from a definite reply. */
    void answered(Route route) {
        NodeId beyond = route.passedOnTo();
        if (beyond != null) {
            directory.reached(beyond, route.to().id());
        }
        if (fromLeader) {
            directory.leads(group, route.destination());
        }
    }

    /** Learns from an attempt that brought no reply at all. */
    void unanswered(Route route) {
        if (route.passedOnTo() == null) {
            directory.leadsNot(group, route.to().id());
        } else {
            directory.reachedNot(route.passedOnTo(), route.to().id());
        }
        leave(route.to());
    }

    /** Learns from a refusal. */
    void refused(Route route, Reply.Refused refused) {
        NodeId answering = route.to().id();
        if (route.passedOnTo() != null) {
            directory.reachedNot(route.passedOnTo(), answering);
        }
        NodeId leader = refused.leader();
        if (leader != null) {
            directory.leads(group, leader);
            // Others may reach a leader that does not answer here.
            if (directory.isSilent(leader) && !directory.isLocal(answering) && detours.add(answering)) {
                detour = new Route(route.to(), leader);
            }
        } else if (refused.status() == Status.MOVED || refused.status() == Status.NO_LEADER) {
            directory.leadsNot(group, route.destination());
        }
        if (refused.status() == Status.BEHIND) {
            directory.behind(group, answering);
            if (!fallBack) {
                fallBack = true;
                tried.clear();
            }
        }
    }
}
