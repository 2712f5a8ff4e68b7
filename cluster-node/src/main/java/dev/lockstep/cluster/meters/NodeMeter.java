package dev.lockstep.cluster.meters;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The catalogue: every meter of a node. {@code docs/metrics.md} has a row for each. Tags are bounded by the caches and shards of the
 * cluster and 256 of its users, never by its clients or keys. All counters start from zero with the node; those of a cache or shard also when it comes to the
 * node anew.
 */
public enum NodeMeter {
    INFO(
            Kind.GAUGE,
            "lockstep.info",
            null,
            List.of("node", "cluster", "version"),
            "Always 1; says which node this is and what it runs",
            "Several versions for longer than an upgrade takes: a node was forgotten"),
    CACHE_GETS(
            Kind.COUNTER,
            "lockstep.cache.gets",
            null,
            List.of("cache", "result"),
            "Keys that this node has looked up for requests, with the lookups of entry processors; `result` is `hit` or `miss`."
                    + " Lookups of an application in the node's own JVM are counted by that application's statistics",
            "A falling share of hits means that entries expire or are evicted before they are used: look at lifetimes and `max-entries`"),
    CACHE_PUTS(
            Kind.COUNTER,
            "lockstep.cache.puts",
            null,
            List.of("cache"),
            "Entries that requests have stored at this node, which led their shard. A repeated request counts again",
            "A jump shows a new writer, or a cache that is being filled"),
    CACHE_REMOVALS(
            Kind.COUNTER,
            "lockstep.cache.removals",
            null,
            List.of("cache"),
            "Entries that requests have removed one by one at this node, without expiry, eviction and emptying a cache as a whole",
            "Nothing by itself; compare it with the puts"),
    CACHE_EVICTIONS(
            Kind.COUNTER,
            "lockstep.cache.evictions",
            null,
            List.of("cache"),
            "Entries that this node, which led their shard, has removed to make room",
            "Many, while the share of hits falls: the cache needs more `max-entries` or `max-bytes`, or the nodes more memory"),
    CACHE_EXPIRATIONS(
            Kind.COUNTER,
            "lockstep.cache.expirations",
            null,
            List.of("cache"),
            "Entries that this node, which led their shard, has removed at the end of their lifetime",
            "Many, while the share of hits falls: lifetimes are short for how the cache is read"),
    CACHE_FAILURES(
            Kind.COUNTER,
            "lockstep.cache.failures",
            null,
            List.of("cache", "kind"),
            "Requests that this node has refused; `kind` is `transient` (retried by the client, as when the leader is elsewhere), `permanent`"
                    + " or `indeterminate` (it may have happened). `cache` is `(unknown)` where the node does not know the cache",
            "Transient ones come with every change of leaders. `indeterminate` without an end: a shard has no majority."
                    + " `permanent`: look at the applications' logs"),
    CACHE_REQUESTS(
            Kind.TIMER,
            "lockstep.cache.requests",
            null,
            List.of("cache", "operation"),
            "Time from a request's arrival until its answer, at the node that serves it; `operation` is `get`, `scan` (keys and sizes),"
                    + " `write` or `lease` (entry processors, with the time that they wait for each other)",
            "Slow `write`s: compare `lockstep.proposals` and `lockstep.log.syncs`. Slow `get`s of one node: it is behind, see `lockstep.raft.lag`"),
    CACHE_ENTRIES(
            Kind.GAUGE,
            "lockstep.cache.entries",
            null,
            List.of("cache"),
            "Entries in the shards that this node leads, with those that have expired and are not removed yet. The sum over all nodes is the"
                    + " size of the cache",
            "Growth without end: the cache has neither a lifetime nor `max-entries`"),
    CACHE_BYTES(
            Kind.GAUGE,
            "lockstep.cache.size",
            "bytes",
            List.of("cache"),
            "Bytes of those entries: keys, values and 256 for each entry, as `max-bytes` counts them",
            "Growth without end: the cache has neither a lifetime nor `max-bytes`"),
    MEMORY_USED(
            Kind.GAUGE,
            "lockstep.memory.used",
            "bytes",
            List.of(),
            "Bytes that the entries of all replicas of this node take in its heap, with those that a checkpoint being written still needs."
                    + " With `store: rocksdb` 0",
            "Near `lockstep.memory.limit`: bounded caches are evicted from nine tenths of it on, and at the limit writes to others are refused"),
    MEMORY_LIMIT(
            Kind.GAUGE,
            "lockstep.memory.limit",
            "bytes",
            List.of(),
            "Bytes that they may take: `limits.memory`",
            "Nothing by itself; compare it with what is used"),
    MEMORY_REFUSALS(
            Kind.COUNTER,
            "lockstep.memory.refusals",
            null,
            List.of(),
            "Writes that this node has refused because the memory of a node that hosts the shard was full",
            "Any: remove entries, give caches a bound or a lifetime, give the nodes more heap, or add nodes"),
    PROPOSALS(
            Kind.TIMER,
            "lockstep.proposals",
            null,
            List.of("outcome"),
            "Time from the proposal of a batch until it is applied; `outcome` is `applied`, `refused` (certainly not in the log) or `unknown`",
            "Slow ones: the disk (`lockstep.log.syncs`), or the network to the other replicas. `unknown`: a leader was lost with batches in flight"),
    PROPOSAL_COMMANDS(
            Kind.SUMMARY,
            "lockstep.proposals.commands",
            null,
            List.of(),
            "Commands in a batch that was proposed to a shard's log",
            "Large batches are how a busy shard keeps up; the proposals are slow then"),
    PROPOSALS_QUEUED(
            Kind.GAUGE,
            "lockstep.proposals.queued",
            null,
            List.of("shard"),
            "Commands that wait for the batch before theirs",
            "Near `limits.max-in-flight` clients are refused: the shard can't keep up, or has no majority"),
    RAFT_TERM(
            Kind.GAUGE,
            "lockstep.raft.term",
            null,
            List.of("group"),
            "Raft term of this node's replica of a group, which is a shard's number or `control`; -1 while it is being opened",
            "A term that rises all the time shows elections without an end: look at the network and at pauses of the JVMs"),
    RAFT_LEADER(
            Kind.GAUGE,
            "lockstep.raft.leader",
            null,
            List.of("group"),
            "1 if this node leads the group, otherwise 0",
            "The sum over all nodes is 1 for each group. At 0 for longer than an election the group refuses writes"),
    RAFT_COMMIT(
            Kind.GAUGE,
            "lockstep.raft.commit",
            null,
            List.of("group"),
            "Highest position that this node knows to be committed",
            "One that stands still while proposals are queued shows a group without a majority"),
    RAFT_APPLIED(
            Kind.GAUGE,
            "lockstep.raft.applied",
            null,
            List.of("group"),
            "Highest position that is applied here",
            "Compare it between nodes: one that falls behind is slow, or cut off"),
    RAFT_LAG(
            Kind.GAUGE,
            "lockstep.raft.lag",
            null,
            List.of("group"),
            "Positions that this node knows to be committed and has not applied",
            "More than 1,024, and the node is not ready: it catches up after a start, or its disk or processors are too slow"),
    RAFT_CONTACT(
            Kind.GAUGE,
            "lockstep.raft.leader.contact",
            "seconds",
            List.of("group"),
            "Time since the replica has heard from a leader; 0 at the leader, -1 if it never has",
            "Beyond `node.max-staleness` the node refuses session reads of that shard: look for its leader and at the network"),
    LEADER_TENURE(
            Kind.GAUGE,
            "lockstep.raft.leader.tenure",
            "seconds",
            List.of("group"),
            "Time for which this node has led the group without a break; 0 if it does not",
            "Short ones on all nodes: leaderships are lost again and again, see `lockstep.raft.leader.changes`"),
    LEADER_CHANGES(
            Kind.COUNTER,
            "lockstep.raft.leader.changes",
            null,
            List.of(),
            "Times that a group of this node got a leader after its first",
            "Many without a restart or a drained node: an overloaded node, pauses of a JVM, or a network that loses messages"),
    READ_ROUNDS(
            Kind.COUNTER,
            "lockstep.readindex.rounds",
            null,
            List.of(),
            "Questions to other nodes that confirm leaderships for reads, each for all groups at once",
            "It follows the load of strong reads"),
    READS_WAITING(
            Kind.GAUGE,
            "lockstep.readindex.waiting",
            null,
            List.of(),
            "Reads that wait until a leadership is confirmed",
            "It stays high when other nodes answer late; at 65,536 reads are refused"),
    FORWARDS(
            Kind.COUNTER,
            "lockstep.forwards",
            null,
            List.of("result"),
            "Requests of clients that this node has passed on to others; `result` is `success`, `unreachable` if it could not be sent, or"
                    + " `unanswered` if no answer came back",
            "Only clients with `routing: gateway` need it. `unreachable`: the node can't reach another. `unanswered`: the other has"
                    + " ended meanwhile, or is silent"),
    FORWARDS_PENDING(
            Kind.GAUGE,
            "lockstep.forwards.pending",
            null,
            List.of(),
            "Requests and subscriptions that were passed on and wait for an answer",
            "Growth shows another node that does not answer"),
    FORWARD_LATENCY(
            Kind.TIMER,
            "lockstep.forwards.latency",
            null,
            List.of(),
            "Time until the other node's answer to a request that was passed on, subscriptions left out",
            "Compare it with `lockstep.cache.requests` of the other node: the rest is the network"),
    CONNECTIONS(
            Kind.GAUGE,
            "lockstep.connections",
            null,
            List.of(),
            "Connections of clients, operators and other nodes that have shaken hands",
            "A steep fall shows that clients have lost the node"),
    CONNECTIONS_HALF_OPEN(
            Kind.GAUGE,
            "lockstep.connections.half.open",
            null,
            List.of(),
            "Connections that have not shaken hands yet",
            "More than a few: a client with a wrong configuration that tries again and again, or a stranger"),
    CONNECTIONS_REFUSED(
            Kind.COUNTER,
            "lockstep.connections.refused",
            null,
            List.of(),
            "Connections that were closed since too many had not shaken hands yet",
            "The node's log names the addresses"),
    LOGINS_REFUSED(
            Kind.COUNTER,
            "lockstep.logins.refused",
            null,
            List.of(),
            "Peers that were not let in: a wrong password, no certificate, or one that is not a node's",
            "The audit log names user and address"),
    REQUESTS_IN_FLIGHT(
            Kind.GAUGE,
            "lockstep.requests.in.flight",
            null,
            List.of(),
            "Requests that wait for an answer, of all connections",
            "Growth: the node can't keep up, or waits for a majority"),
    REQUESTS_SLOW(
            Kind.COUNTER,
            "lockstep.requests.slow",
            null,
            List.of(),
            "Reads and writes that took longer than `node.slow-request`",
            "The node's log says where their time went, of one a second: look for the logger `dev.lockstep.slow`"),
    REQUESTS_REFUSED(
            Kind.COUNTER,
            "lockstep.requests.refused",
            null,
            List.of("reason"),
            "Requests that were not admitted; `reason` is `busy` (`limits.max-in-flight` of the connection), `forbidden`, or"
                    + " `failed` (a fault of the node)",
            "`busy`: clients send more than the node answers. `forbidden`: the audit log names user and request."
                    + " `failed`: the node's log says why; please report it"),
    SESSIONS(
            Kind.GAUGE,
            "lockstep.sessions",
            null,
            List.of("shard"),
            "Sessions of clients whose requests the shard remembers",
            "At 10,000 the oldest is forgotten, and its client gets errors: are clients started and not closed?"),
    LEASES(
            Kind.GAUGE,
            "lockstep.leases",
            null,
            List.of("shard", "state"),
            "Leases of entries at the shard's leader; `state` is `held` or `waiting`",
            "Many that wait: entry processors on one key, or one that takes long"),
    SUBSCRIPTIONS(
            Kind.GAUGE,
            "lockstep.subscriptions",
            null,
            List.of("shard"),
            "Streams of the shard's changes that this node sends",
            "Each client that listens has one for each shard"),
    LIMITS_ADMITTED(
            Kind.COUNTER,
            "lockstep.limits.admitted",
            null,
            List.of("user"),
            "Requests about entries that were admitted, if there is a limit to their rates; `user` is who has sent them, `(none)` without"
                    + " log-in and certificate, `(others)` beyond 256 users",
            "Compare it with what was refused"),
    LIMITS_REFUSED(
            Kind.COUNTER,
            "lockstep.limits.refused",
            null,
            List.of("user", "limit"),
            "Requests that came too fast; `limit` is the one that has refused them, `client`, `cache` or `node`. Clients send them again by"
                    + " themselves",
            "Growth: a client asks for more than it may. For `node` and `cache` it can be another one than that which is refused"),
    SUBSCRIPTIONS_DROPPED(
            Kind.COUNTER,
            "lockstep.subscriptions.dropped",
            null,
            List.of(),
            "Subscriptions that were ended since their changes were not read fast enough",
            "The client begins anew and may miss events: its listeners are too slow, or its network is"),
    EVENT_GAPS(
            Kind.COUNTER,
            "lockstep.events.gaps",
            null,
            List.of("shard"),
            "Times that a subscriber was told that changes of a cache are no longer kept",
            "Listeners of that client have missed events: it was away for too long, or changes come too fast"),
    MOVES_ACTIVE(
            Kind.GAUGE,
            "lockstep.moves.active",
            null,
            List.of(),
            "Groups that have replicas on the move, in the newest layout that this node knows",
            "One that does not end: `lockstep shard status` says what it waits for"),
    VOTER_CHANGES(
            Kind.TIMER,
            "lockstep.moves.changes",
            null,
            List.of(),
            "Changes of a group's voters that this node has made as its leader, with the time to catch up. A move takes one or two",
            "Slow ones: large shards, or a slow network"),
    VOTER_CHANGES_FAILED(
            Kind.COUNTER,
            "lockstep.moves.failures",
            null,
            List.of(),
            "Changes of voters that have not come about, and are tried again",
            "The node's log says why"),
    WRITES_BLOCKED(
            Kind.COUNTER,
            "lockstep.moves.blocked",
            null,
            List.of(),
            "Writes that were refused while the leadership of their shard was being transferred, for a move, a drain or balance. They are sent"
                    + " again by themselves",
            "A few with each transfer. Growth without an end: transfers fail again and again, and the node's log says which"),
    CHECKPOINTS(
            Kind.TIMER,
            "lockstep.checkpoints",
            null,
            List.of(),
            "Checkpoints that were written, with the time that it took",
            "None for longer than `node.checkpoint-interval` under load: look at the failures"),
    CHECKPOINTS_FAILED(
            Kind.COUNTER,
            "lockstep.checkpoints.failures",
            null,
            List.of(),
            "Checkpoints that could not be written; the log is kept meanwhile",
            "Look at the node's log and at its disk"),
    CHECKPOINTS_LOADED(
            Kind.TIMER,
            "lockstep.checkpoints.loads",
            null,
            List.of(),
            "Checkpoints of this node that replicas have resumed from, with the time to read them",
            "Once for each replica when the node starts. Slow ones: large shards, or a slow disk"),
    CHECKPOINTS_INSTALLED(
            Kind.COUNTER,
            "lockstep.checkpoints.installed",
            null,
            List.of(),
            "Checkpoints that replicas of this node have fetched from other nodes, being too far behind for the log",
            "Expected after a long absence or a move. Again and again: the node can't keep up"),
    LOG_WRITTEN(
            Kind.COUNTER,
            "lockstep.log.written",
            "bytes",
            List.of(),
            "Bytes written to the Raft logs of this node",
            "Compare it with what the disk can take"),
    LOG_SYNCS(
            Kind.TIMER,
            "lockstep.log.syncs",
            null,
            List.of(),
            "Syncs of files of the Raft logs",
            "With `durability: disk` every write waits for one: a slow disk is a slow cluster"),
    LOG_FAILURES(
            Kind.COUNTER,
            "lockstep.log.failures",
            null,
            List.of(),
            "Writes and syncs of the Raft logs that failed",
            "The node stops after the first; its log says what to do"),
    ROCKSDB_FILES(
            Kind.GAUGE,
            "lockstep.rocksdb.files",
            "bytes",
            List.of(),
            "Tables of RocksDB on the disk, with `store: rocksdb`, as the others that follow",
            "It grows with the entries, and for a while with what was overwritten"),
    ROCKSDB_UNFLUSHED(
            Kind.GAUGE,
            "lockstep.rocksdb.unflushed",
            "bytes",
            List.of(),
            "What RocksDB has in memory only",
            "At 64 MiB writes wait for flushes"),
    ROCKSDB_CACHE(
            Kind.GAUGE,
            "lockstep.rocksdb.cache",
            "bytes",
            List.of(),
            "Memory of RocksDB's cache outside the heap, with what is not flushed",
            "It is bounded by 128 MiB"),
    ROCKSDB_PENDING_COMPACTION(
            Kind.GAUGE,
            "lockstep.rocksdb.pending.compaction",
            "bytes",
            List.of(),
            "What RocksDB has yet to rewrite",
            "Growth: the disk can't keep up with the writes"),
    ROCKSDB_STALLED(
            Kind.GAUGE,
            "lockstep.rocksdb.stalled",
            null,
            List.of(),
            "1 while RocksDB slows writes down or has stopped them, otherwise 0",
            "The disk can't keep up with the writes; see what is to be flushed and rewritten"),
    ROCKSDB_ERRORS(
            Kind.GAUGE,
            "lockstep.rocksdb.errors",
            null,
            List.of(),
            "Flushes and compactions of RocksDB that failed since the node was started",
            "The disk is full or failing: the node's log says which"),
    MEMBERS_ROUND_TRIP(
            Kind.GAUGE,
            "lockstep.members.round.trip",
            "seconds",
            List.of("member"),
            "Time that the last question to another node took, which is asked every second; or for which its answer has been waited for, if that is"
                    + " longer",
            "One that is slow from all others: that node pauses, or is short of CPU. Slow between some of them: the network"),
    CLOCK_AHEAD(
            Kind.GAUGE,
            "lockstep.clock.ahead",
            "seconds",
            List.of(),
            "By how much this node's clock is ahead of most members', negative if behind; 0 within two seconds",
            "Set the clock right, and have NTP keep it so: the node leads nothing meanwhile");

    /** The kind of a meter. */
    public enum Kind {
        /** Rises from zero. */
        COUNTER,
        /** A value at this moment. */
        GAUGE,
        /** Counts events and adds up how long they took. */
        TIMER,
        /** Counts events and adds up how much each was. */
        SUMMARY
    }

    private final Kind kind;
    private final String id;
    private final @Nullable String unit;
    private final List<String> tags;
    private final String description;
    private final String advice;

    NodeMeter(Kind kind, String id, @Nullable String unit, List<String> tags, String description, String advice) {
        this.kind = kind;
        this.id = id;
        this.unit = unit;
        this.tags = tags;
        this.description = description;
        this.advice = advice;
    }

    public Kind kind() {
        return kind;
    }

    /** Returns its name in Micrometer. */
    public String id() {
        return id;
    }

    /** Returns the unit of its values; null if they have none, or are the time that a timer knows. */
    public @Nullable String unit() {
        return unit;
    }

    /** Returns the names of its tags. */
    public List<String> tags() {
        return tags;
    }

    /** Returns what it measures. */
    public String description() {
        return description;
    }

    /** Returns what to do when it moves. */
    public String advice() {
        return advice;
    }

    /** Returns its name in the text that Prometheus reads; a timer or summary has several with endings such as {@code _count}. */
    public String prometheusName() {
        String name = id.replace('.', '_');
        return switch (kind) {
            case COUNTER -> name + (unit == null ? "" : "_" + unit) + "_total";
            case GAUGE -> name + (unit == null ? "" : "_" + unit);
            case TIMER -> name + "_seconds";
            case SUMMARY -> name;
        };
    }
}
