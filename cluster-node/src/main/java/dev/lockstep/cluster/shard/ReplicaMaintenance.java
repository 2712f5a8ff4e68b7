package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.clock.LogClock;
import dev.lockstep.cluster.eviction.EvictionAdvisor;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.protocol.wire.CacheInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The periodic work of a shard's leader: it expires and evicts entries, drops destroyed caches, applies altered definitions,
 * and keeps its own reads fresh. Thread-safe.
 */
final class ReplicaMaintenance {

    private final ReplicaState state;
    private final CacheCatalog caches;
    private final LogClock clock;
    private final EvictionAdvisor evictions;
    private final Proposer proposer;
    private final SessionReadRule rule;
    private final AtomicBoolean inFlight = new AtomicBoolean();

    ReplicaMaintenance(
            ReplicaState state,
            CacheCatalog caches,
            LogClock clock,
            EvictionAdvisor evictions,
            Proposer proposer,
            SessionReadRule rule) {
        this.state = state;
        this.caches = caches;
        this.clock = clock;
        this.evictions = evictions;
        this.proposer = proposer;
        this.rule = rule;
    }

    /** Proposes what is due. To be called every few milliseconds while this replica leads. */
    void run() {
        rule.keepFresh();
        if (!clock.hasBegun()) {
            return;
        }
        evictions.lead(state.caches());
        if (evictions.upkeep()) {
            proposer.evict();
        }
        List<Command> commands = new ArrayList<>();
        if (state.nextDeadlineMillis() <= clock.millis()) {
            commands.add(new Command.Tick());
        }
        boolean altered = addDecisions(commands);
        if (!commands.isEmpty() && inFlight.compareAndSet(false, true)) {
            proposer.propose(commands).outcome().thenAccept(outcome -> {
                if (altered) {
                    evictions.rest();
                }
                inFlight.set(false);
            });
        }
    }

    /** Tells whether nothing will be due within a time unless something changes. */
    boolean isQuietFor(long millis) {
        return !evictions.isNeeded() && state.nextDeadlineMillis() - millis > clock.millis();
    }

    /**
     * Adds what the control group has decided of the shard's caches, and the shard's log does not say yet.
     *
     * @return whether a definition was altered, and with it perhaps a bound
     */
    private boolean addDecisions(List<Command> commands) {
        boolean altered = false;
        for (int cacheId : state.caches()) {
            CacheInfo decided = caches.cache(cacheId);
            if (caches.isDestroyed(cacheId)) {
                commands.add(new Command.Drop(cacheId));
            } else if (decided != null && isAltered(decided)) {
                commands.add(new Command.Define(decided));
                altered = true;
            }
        }
        return altered;
    }

    private boolean isAltered(CacheInfo decided) {
        CacheInfo here = state.definition(decided.id());
        return here != null && here.revision() < decided.revision();
    }
}
