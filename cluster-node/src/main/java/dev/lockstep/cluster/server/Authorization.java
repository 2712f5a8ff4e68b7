package dev.lockstep.cluster.server;

import dev.lockstep.cluster.shard.CacheCatalog;
import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.access.AccessRules.Grants;
import dev.lockstep.protocol.access.Right;
import dev.lockstep.protocol.access.Role;
import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Decides by the users and roles of the cluster what the other end of a connection may ask for. Nodes, the application in this JVM, and
 * whoever connects without encryption may ask for everything. Thread-safe.
 */
final class Authorization {

    private static final long RETRY_MILLIS = 100;

    private final Supplier<@Nullable AccessRules> rules;
    private final CacheCatalog caches;

    /** @param rules those that hold now; null as long as they are not known */
    Authorization(Supplier<@Nullable AccessRules> rules, CacheCatalog caches) {
        this.rules = rules;
        this.caches = caches;
    }

    /** Returns the rights of a connection, which change with the rules. */
    Access of(Identity peer) {
        return peer instanceof Identity.OfUser user ? new OfUser(user.name()) : Access.FULL;
    }

    /** The rights of a connection. */
    interface Access {

        /** May ask for everything. */
        Access FULL = new Access() {
            @Override
            public void decide(Request request, Consumer<Reply.@Nullable Refused> then) {
                then.accept(null);
            }

            @Override
            public Request restricted(Request request) {
                return request;
            }

            @Override
            public boolean mayRead(List<Integer> cacheIds) {
                return true;
            }

            @Override
            public Reply visible(Reply.Caches all) {
                return all;
            }
        };

        /**
         * Decides about a request, at once unless it names a cache that is not known here yet.
         *
         * @param then takes null if it may be served, otherwise the refusal; on any thread
         */
        void decide(Request request, Consumer<Reply.@Nullable Refused> then);

        /** Returns the request as it may be carried out: with any right on a cache one may open it, once it is there. */
        Request restricted(Request request);

        /** Tells whether changes of these caches may be delivered, or no more. */
        boolean mayRead(List<Integer> cacheIds);

        /** Leaves out the caches that it has no right on. */
        Reply visible(Reply.Caches all);
    }

    /** The rights of a user, by its roles at that moment. */
    private final class OfUser implements Access {

        private final String user;
        private volatile @Nullable Known last;

        OfUser(String user) {
            this.user = user;
        }

        /** Returns what it may do now; null as long as that is not known. */
        private @Nullable Known known() {
            AccessRules newest = rules.get();
            if (newest == null) {
                return null;
            }
            Known known = last;
            if (known == null || known.rules().revision() != newest.revision()) {
                known = new Known(newest, newest.grants(user), new ConcurrentHashMap<>());
                last = known;
            }
            return known;
        }

        @Override
        public void decide(Request request, Consumer<Reply.@Nullable Refused> then) {
            Known now = known();
            if (now == null) {
                then.accept(new Reply.Refused(
                        Status.BUSY, "This node does not know yet who may do what", RETRY_MILLIS, null));
            } else if (request.isForNodes() || !now.isUser()) {
                then.accept(forbidden(request, now));
            } else if (now.onAll(request.rights())) {
                then.accept(null);
            } else {
                byName(request, now, then);
            }
        }

        private void byName(Request request, Known now, Consumer<Reply.@Nullable Refused> then) {
            if (request instanceof Request.CreateCache create) {
                then.accept(now.sees(create.proposal().name()) ? null : forbidden(request, now));
                return;
            }
            if (request.cacheIds().isEmpty()) {
                then.accept(forbidden(request, now));
                return;
            }
            for (int cacheId : request.cacheIds()) {
                CacheInfo cache = caches.cache(cacheId);
                if (cache == null && !caches.isDestroyed(cacheId)) {
                    learn(cacheId, request, then);
                    return;
                }
                if (cache != null && !now.on(cache, request.rights())) {
                    then.accept(forbidden(request, now));
                    return;
                }
            }
            then.accept(null); // as for those that are destroyed, there is nothing left to protect
        }

        private void learn(int cacheId, Request request, Consumer<Reply.@Nullable Refused> then) {
            caches.learn(cacheId, refusal -> {
                if (refusal == null) {
                    decide(request, then);
                } else {
                    then.accept(refusal);
                }
            });
        }

        @Override
        public Request restricted(Request request) {
            Known now = known();
            return request instanceof Request.CreateCache create
                            && (now == null || !now.on(create.proposal().name(), Right.CREATE))
                    ? new Request.CreateCache(create.proposal(), create.highestId(), true)
                    : request;
        }

        @Override
        public boolean mayRead(List<Integer> cacheIds) {
            Known now = known();
            return now != null
                    && (now.onAll(Right.READ.only())
                            || cacheIds.stream().allMatch(id -> {
                                CacheInfo cache = caches.cache(id);
                                return cache == null ? caches.isDestroyed(id) : now.on(cache, Right.READ.only());
                            }));
        }

        @Override
        public Reply visible(Reply.Caches all) {
            Known now = known();
            return new Reply.Caches(
                    all.caches().stream()
                            .filter(cache ->
                                    now != null && now.sees(cache.definition().name()))
                            .toList(),
                    all.highestId());
        }

        private Reply.Refused forbidden(Request request, Known now) {
            String why;
            if (request.isForNodes()) {
                why = "only nodes ask each other for that";
            } else if (now.isUser()) {
                why = "it needs the right to " + Role.words(request.rights());
            } else {
                why = "it is not known to this cluster";
            }
            return Reply.Refused.of(Status.FORBIDDEN, "User \"" + user + "\" may not do that: " + why);
        }
    }

    /**
     * The rights of a user by one version of the rules.
     *
     * @param grants null if there is no such user
     * @param onCaches on each cache that was asked for, by its id
     */
    private record Known(AccessRules rules, @Nullable Grants grants, Map<Integer, Set<Right>> onCaches) {

        boolean isUser() {
            return rules.isOpen() || grants != null;
        }

        /** Tells whether it has these rights whichever cache is meant. */
        boolean onAll(Set<Right> rights) {
            if (rules.isOpen()) {
                return true;
            }
            for (Right right : rights) {
                if (grants == null
                        || !(right.isOnCaches()
                                ? grants.onAll(right)
                                : grants.onCluster().contains(right))) {
                    return false;
                }
            }
            return true;
        }

        boolean on(CacheInfo cache, Set<Right> rights) {
            return onCaches.computeIfAbsent(
                            cache.id(), none -> rightsOn(cache.definition().name()))
                    .containsAll(rights);
        }

        boolean on(String cache, Right right) {
            return rightsOn(cache).contains(right);
        }

        /** Tells whether it has any right on a cache of this name. */
        boolean sees(String cache) {
            return !rightsOn(cache).isEmpty();
        }

        private Set<Right> rightsOn(String cache) {
            return Right.onCaches(true).stream()
                    .filter(right -> rules.isOpen() || (grants != null && grants.on(cache, right)))
                    .collect(Collectors.toCollection(() -> EnumSet.noneOf(Right.class)));
        }
    }
}
