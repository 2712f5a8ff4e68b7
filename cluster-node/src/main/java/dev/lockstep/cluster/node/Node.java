package dev.lockstep.cluster.node;

import dev.lockstep.cluster.admin.AdminGuard;
import dev.lockstep.cluster.admin.AdminServer;
import dev.lockstep.cluster.checkpoint.Checkpointer;
import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.local.LocalConsensus;
import dev.lockstep.cluster.consensus.ratis.RatisConsensus;
import dev.lockstep.cluster.consensus.ratis.RatisSettings;
import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import dev.lockstep.cluster.control.ControlGroup;
import dev.lockstep.cluster.control.Templates;
import dev.lockstep.cluster.memory.MemoryBudget;
import dev.lockstep.cluster.server.Gateway;
import dev.lockstep.cluster.server.RequestObserver;
import dev.lockstep.cluster.store.ShardStores;
import dev.lockstep.cluster.store.StoreMemory;
import dev.lockstep.cluster.store.heap.HeapStores;
import dev.lockstep.cluster.store.rocks.RocksStores;
import dev.lockstep.protocol.link.EmbeddedNode;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.link.LocalReplicas;
import dev.lockstep.protocol.link.NodeLinks;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.netty.NettyListener;
import dev.lockstep.protocol.netty.Tls;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.settings.Settings.MemoryLimit;
import dev.lockstep.protocol.settings.Settings.NodeSettings;
import dev.lockstep.protocol.settings.SettingsException;
import dev.lockstep.protocol.settings.TlsSettings;
import dev.lockstep.protocol.tls.CertificateNames;
import dev.lockstep.protocol.tls.CredentialFiles;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node: wires its rooms, keeps them up, and closes them in order. A member of a cluster, or, without a {@code node} in
 * the settings, a single node in memory. Thread-safe.
 */
public final class Node implements EmbeddedNode {

    private static final Logger LOG = LoggerFactory.getLogger(Node.class);
    private static final Member LOCAL = new Member(new NodeId("local"), "localhost", 0);
    private static final Duration HAND_OVER = Duration.ofSeconds(3);
    /** The overhead of a log entry besides the largest key and value. */
    private static final int ENTRY_OVERHEAD = 64 * 1024;
    /** The part of the heap for entries in use, if all entries are on the disk: a quarter. */
    private static final int HOT_SHARE = 4;

    private final Settings settings;
    private final Time time;
    private final EventLoop loop;
    private final Member member;
    private final Admission admission;
    private final @Nullable NodeMetering metering;
    private final @Nullable HostFacts surroundings;
    private final @Nullable NodeAdmin admin;
    private final @Nullable AdminServer adminServer;
    private final @Nullable NodeLinks links;
    private final MemoryBudget memory;
    private final ShardStores stores;
    private final Consensus consensus;
    private final NodeCore core;
    /** The core once it is there: members may answer before. */
    private final AtomicReference<NodeCore> started = new AtomicReference<>();

    private final LocalLink link;
    private final @Nullable NettyListener listener;
    private final List<DataFolder> folders = new ArrayList<>();
    private final @Nullable MemberHandshakes acquaintances;
    private final CompletableFuture<IOException> fault = new CompletableFuture<>();
    private final CompletableFuture<String> stopped = new CompletableFuture<>();
    private final AtomicBoolean closing = new AtomicBoolean();

    /**
     * Starts a node. It waits for others only if the cluster is formed and this node is no member yet: until it is added, or for the
     * time given. For all else see {@link #awaitReady}.
     *
     * @param loop closed with the node
     * @throws IOException when a port or the data folder can't be used, naming it
     * @throws IllegalArgumentException when the settings name members, but not which of them this is
     * @throws SettingsException when the cluster was formed with other settings
     * @throws RequestFailedException when another process is this node, or it can't do the version of the cluster
     */
    public Node(Settings settings, Time time, EventLoop loop, Duration untilAdded) throws IOException {
        this(settings, time, loop, untilAdded, ClusterVersion.Range.OWN);
    }

    /**
     * Likewise, as a version of Lockstep that can do other cluster versions.
     *
     * @param able the versions that it can do
     */
    public Node(Settings settings, Time time, EventLoop loop, Duration untilAdded, ClusterVersion.Range able)
            throws IOException {
        NodeSettings own = settings.node().orElse(null);
        if (own == null && !settings.members().isEmpty()) {
            throw new IllegalArgumentException(
                    "The settings name members, but not which of them this node is; add \"node: {id: …}\"");
        }
        this.settings = settings;
        this.time = time;
        this.loop = loop;
        this.member = own == null ? LOCAL : member(settings, own.id());
        List<Member> members = own == null ? List.of(LOCAL) : settings.members();
        int maxInFlight = settings.limits().maxInFlight();
        Tls tls = own == null ? null : tls();
        Layout last = own == null ? null : begin(own, able);
        boolean formed = own != null && hasTakenPart(own);
        this.admission = new Admission(
                member,
                formed || last != null,
                last,
                Layout.settled(
                        Entropy.system().nextLong(),
                        able.newest(),
                        own == null ? Layout.nodes(members) : settings.nodes(),
                        Placement.of(
                                members.stream().map(Member::id).toList(),
                                settings.shards(),
                                settings.replicationFactor())),
                able);
        long incarnation = Entropy.system().nextLong();
        Supplier<NodeIdentity> self = () -> new NodeIdentity(
                member.id(),
                incarnation,
                admission.newest().isFormed() ? admission.newest().clusterVersion() : null,
                able,
                admission.newest().isFormed()
                        ? settings.ofFormedCluster(admission.newest().clusterId())
                        : settings.formation());
        this.memory = memory();
        this.stores = own == null ? new HeapStores(new StoreMemory(memory.mostBytes())) : stores(own);
        this.links = own == null
                ? null
                : new NettyLinks(
                        settings.cluster(), self::get, settings.client().connectTimeout(), maxInFlight, tls);
        this.metering = own == null || own.admin().isEmpty() ? null : metering(own);
        this.admin = metering == null ? null : new NodeAdmin(member.id(), settings, metering);
        this.adminServer =
                own == null || admin == null ? null : serve(own.admin().get(), admin);
        this.surroundings = own == null
                ? null
                : new HostFacts(
                        new DiskProbe(own.raftLogFolder(), own.data(), time),
                        loop,
                        () -> tls == null ? null : tls.expires(),
                        metering,
                        settings);
        this.acquaintances = links == null ? null : new MemberHandshakes(links, this::others, this::told, time, loop);
        introduce();
        Layout layout = layout(untilAdded);
        this.consensus =
                own == null || links == null ? new LocalConsensus(LOCAL.id()) : raft(own, layout, formed, links);
        var place = new NodeCore.Place(
                settings.cluster(),
                member,
                layout,
                members,
                this::remember,
                new ControlGroup.Rules(
                        Templates.of(settings), settings.replicationFactor(), settings.replaceAfter(), able),
                tls != null);
        var limits = new NodeCore.Limits(
                own == null ? Duration.ofSeconds(5) : own.maxStaleness(),
                own == null ? HAND_OVER : own.electionTimeout().multipliedBy(2),
                maxInFlight,
                memory,
                settings.limits().rates(),
                own == null ? Optional.empty() : own.slowRequest());
        try {
            this.core = new NodeCore(
                    place,
                    consensus,
                    stores,
                    links,
                    time,
                    loop,
                    limits,
                    metering == null ? RequestObserver.NONE : metering.requests(),
                    surroundings == null ? Surroundings.NONE : surroundings);
            started.set(core);
            this.link = new LocalLink(core.server());
            this.listener = own == null
                    ? null
                    : new NettyListener(
                            member.host(),
                            member.port(),
                            settings.cluster(),
                            self,
                            settings.limits().maxFrameBytes(),
                            core.server(),
                            tls == null ? null : new NettyListener.Encryption(tls, this::isNode, core.logins()));
        } catch (IOException | RuntimeException failure) {
            consensus.close();
            giveUp();
            throw failure;
        }
        observe();
        fault.thenAccept(this::stop);
        if (acquaintances != null) {
            acquaintances.excluded().thenAccept(this::stop);
        }
        if (own != null && !formed) {
            core.ready().thenRun(() -> formed(own));
        }
    }

    // The admin port

    private NodeMetering metering(NodeSettings own) {
        try {
            NodeMetering made = NodeMetering.of(
                    settings,
                    own,
                    (shard, cacheId) -> {
                        NodeCore running = started.get();
                        return running == null ? null : running.cacheName(shard, cacheId);
                    },
                    time);
            if (stores instanceof RocksStores rocks) {
                made.bind(rocks);
            }
            return made;
        } catch (RuntimeException missing) {
            giveUp();
            throw missing;
        }
    }

    private AdminServer serve(Settings.AdminAddress address, NodeAdmin pages) throws IOException {
        try {
            AdminServer.Encryption encryption = settings.tls().isEmpty()
                    ? null
                    : new AdminServer.Encryption(
                            new CredentialFiles(settings.tls().get(), time),
                            settings.tls().get().tls12(),
                            new AdminGuard(new MonitorAccess(started::get, this::isMember), time, Entropy.system()));
            AdminServer server = new AdminServer(address, pages.pages(), encryption);
            LOG.info("Node {} answers meters and health at {}:{}", member.id(), address.host(), server.port());
            return server;
        } catch (IOException | RuntimeException failure) {
            giveUp();
            throw failure;
        }
    }

    private boolean isMember(List<String> names) {
        return admission.newest().members().stream().anyMatch(one -> isNode(one.id(), names));
    }

    /** Lets the meters and the pages know of what has been started. */
    private void observe() {
        if (metering != null && admin != null && listener != null) {
            metering.bind(core, listener);
            admin.joined(new NodeHealth(
                    core,
                    consensus,
                    metering::logs,
                    settings.node().map(NodeSettings::maxStaleness).orElseThrow()));
        }
    }

    private void closeAdmin() {
        if (surroundings != null) {
            surroundings.close();
        }
        if (adminServer != null) {
            adminServer.close();
        }
        if (metering != null) {
            metering.close();
        }
    }

    private static Member member(Settings settings, NodeId id) {
        return settings.members().stream()
                .filter(one -> one.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("This node, " + id + ", is none of the members"));
    }

    private @Nullable Tls tls() throws IOException {
        if (settings.tls().isEmpty()) {
            if (settings.insecure()) {
                LOG.warn(
                        "Node {} has \"insecure: true\" and no \"tls\": whoever reaches {}:{} can read and change everything",
                        member.id(),
                        member.host(),
                        member.port());
            }
            return null;
        }
        try {
            Tls tls = Tls.of(settings.tls().get(), time);
            LOG.info("Connections are encrypted with the {}", tls.description());
            return tls;
        } catch (IOException unusable) {
            loop.close();
            throw unusable;
        }
    }

    /** Tells whether a certificate with these names may be that of a node, so that one of a client makes no node. */
    private boolean isNode(NodeId node, List<String> names) {
        List<String> accepted = settings.tls().map(TlsSettings::nodes).orElse(List.of());
        return CertificateNames.match(
                names,
                accepted.isEmpty()
                        ? Stream.concat(admission.newest().members().stream(), settings.members().stream())
                                .filter(one -> one.id().equals(node))
                                .map(Member::host)
                                .toList()
                        : accepted);
    }

    // The layout of the cluster

    /** The members besides this one, of the newest layout that is known; those in the settings are asked until there is one. */
    private List<Member> others() {
        return admission.newest().members().stream()
                .filter(one -> !one.id().equals(member.id()))
                .toList();
    }

    /** Keys would be looked up in other shards if their number were another than that of the cluster. */
    private Layout layout(Duration untilAdded) {
        try {
            Layout layout = admission.await(untilAdded);
            String set = settings.places().get("shards");
            if (set != null && layout.map().shards() != settings.shards()) {
                throw new SettingsException(set + ": \"shards\" is " + settings.shards() + ", but cluster "
                        + settings.cluster() + " was formed with "
                        + layout.map().shards()
                        + ", which can't be changed. Put that, or leave it out");
            }
            return layout;
        } catch (RuntimeException refused) {
            giveUp();
            throw refused;
        }
    }

    /** Learns the layout from another member, which may be one in which this node is none any more. */
    private void told(ClusterView view) {
        String dismissal = admission.learn(view);
        NodeCore running = started.get();
        if (running != null) {
            running.told(view);
        }
        if (dismissal != null) {
            stop(dismissal, null);
        }
    }

    private void remember(Layout layout) {
        String dismissal = admission.follow(settings.cluster(), layout);
        settings.node().ifPresent(own -> {
            try {
                LayoutFile.write(own.data(), layout);
            } catch (IOException failure) {
                fault.complete(failure);
            }
        });
        if (dismissal != null) {
            stop(dismissal, null);
        }
    }

    /**
     * Locks the folders before anything in them is looked at.
     *
     * @return the last layout that this node has seen; null if it has kept none
     */
    private @Nullable Layout begin(NodeSettings own, ClusterVersion.Range able) throws IOException {
        try {
            folders.add(DataFolder.lock(own.data(), "data folder of node " + own.id()));
            if (!own.raftLogFolder().equals(own.data())) {
                folders.add(DataFolder.lock(own.raftLogFolder(), "folder of the Raft logs of node " + own.id()));
            }
            return LayoutFile.read(own.data(), own.id(), able);
        } catch (IOException | RuntimeException failure) {
            unlock();
            loop.close();
            throw failure;
        }
    }

    private boolean hasTakenPart(NodeSettings own) throws IOException {
        try {
            return FormationFile.check(settings, own);
        } catch (IOException | RuntimeException failure) {
            unlock();
            loop.close();
            throw failure;
        }
    }

    /** Introduces the node to the others before it votes: two processes with one identity would vote twice. */
    private void introduce() {
        if (acquaintances == null) {
            return;
        }
        acquaintances.begin();
        CompletableFuture.anyOf(acquaintances.introduced(), acquaintances.excluded())
                .join();
        if (acquaintances.excluded().isDone()) {
            giveUp();
            RequestFailedException refused = acquaintances.excluded().join();
            throw new RequestFailedException(refused.status(), String.valueOf(refused.getMessage()));
        }
    }

    /** Undoes a start. */
    private void giveUp() {
        closeAdmin();
        stores.close();
        closeLinks();
        loop.close();
        unlock();
    }

    private void unlock() {
        for (DataFolder folder : folders) {
            try {
                folder.close();
            } catch (IOException failure) {
                LOG.warn("A folder of node {} was not unlocked", member.id(), failure);
            }
        }
    }

    private void stop(IOException what) {
        stop(
                "Node " + member.id() + " stops, because its Raft logs in " + folder() + " can't be written: "
                        + what.getMessage()
                        + ". The other nodes serve on. Make room on that disk, or mend or replace it, and start the node"
                        + " again: it catches up by itself",
                what);
    }

    private void stop(RequestFailedException excluded) {
        stop(
                "Node " + member.id() + " stops"
                        + (excluded.status() == Status.NODE_IN_USE ? ", because it is not the only one. " : ". ")
                        + excluded.getMessage(),
                null);
    }

    /**
     * The one place that decides what becomes of a node that must not go on, as when its Raft logs can't be written: it
     * stops, all of it, since a replica that can't write can't vote either, and what of the rest can be relied on
     * nobody knows. It does not hand leaderships over: that is written too. The caller decides whether the process
     * ends.
     */
    private void stop(String message, @Nullable Throwable cause) {
        // On a thread of its own: closing waits for those that may have reported it.
        EventLoop ending = EventLoop.threaded("lockstep-node-stops");
        ending.execute(() -> {
            LOG.error(message, cause);
            if (closing.compareAndSet(false, true)) {
                closeAll();
            }
            stopped.complete(message);
            ending.close();
        });
    }

    /** Records that the node has taken part: whatever is missing from now on was lost. */
    private void formed(NodeSettings own) {
        try {
            FormationFile.record(settings, own);
        } catch (IOException failure) {
            fault.complete(failure);
        }
    }

    private String folder() {
        return settings.node().map(own -> own.raftLogFolder().toString()).orElse("memory");
    }

    private MemoryBudget memory() {
        long heap = Runtime.getRuntime().maxMemory();
        MemoryLimit limit = settings.limits().memory();
        if (limit.of(heap) > MemoryLimit.most(heap)) {
            unlock();
            loop.close();
            throw new SettingsException(settings.places().getOrDefault("limits", "the settings")
                    + ": \"limits.memory\" is " + limit + ", and of this JVM's heap of " + (heap >> 20)
                    + " MiB entries can take " + (MemoryLimit.most(heap) >> 20) + " MiB (" + MemoryLimit.MAX_PERCENT
                    + "%) at most. Set less, or a percentage, or start the JVM with more heap (-Xmx)");
        }
        boolean keepsAll = settings.node()
                .map(own -> own.store() == NodeSettings.Store.HEAP)
                .orElse(true);
        return new MemoryBudget(heap, limit.of(heap), keepsAll);
    }

    /** A heap is no place for what another store has: it would begin with nothing, where the log is cut off. */
    private ShardStores stores(NodeSettings own) throws IOException {
        Path folder = own.data().resolve("rocksdb");
        try {
            if (own.store() == NodeSettings.Store.ROCKSDB) {
                return RocksStores.open(folder, Math.min(memory.entryBytes(), memory.heapBytes() / HOT_SHARE));
            }
            if (Files.exists(folder)) {
                throw new SettingsException("The entries of node " + own.id() + " are in " + folder
                        + ", so its store can't be the heap. Set \"store: rocksdb\" again, or empty its data folder while all"
                        + " the others are running: the node is rebuilt from them");
            }
            return new HeapStores(new StoreMemory(memory.mostBytes()));
        } catch (IOException | RuntimeException failure) {
            unlock();
            loop.close();
            throw failure;
        }
    }

    private Consensus raft(NodeSettings own, Layout layout, boolean formed, Links raftLinks) throws IOException {
        if (ForkJoinPool.getCommonPoolParallelism() < NodeMain.POOL_PARALLELISM) {
            LOG.warn(
                    "This JVM's common pool has {} threads, and Raft then starts one for each append; run it with -D{}={}",
                    ForkJoinPool.getCommonPoolParallelism(),
                    NodeMain.POOL_PROPERTY,
                    NodeMain.POOL_PARALLELISM);
        }
        int maxEntryBytes = FrameCodec.MAX_ENTRY_BYTES + ENTRY_OVERHEAD;
        try {
            RatisConsensus ratis = new RatisConsensus(
                    new RatisSettings(
                            settings.cluster(),
                            member,
                            layout.members(),
                            own.raftLogFolder(),
                            formed,
                            own.raftLog(),
                            own.durability(),
                            own.data().resolve("checkpoints"),
                            new Checkpointer.Interval(own.checkpointEntries(), own.checkpointInterval()),
                            own.electionTimeout(),
                            maxEntryBytes,
                            settings.limits().catchUp()),
                    raftLinks,
                    metering == null ? LogDisk.SYSTEM : metering.measured(LogDisk.SYSTEM),
                    time,
                    fault::complete);
            return metering == null ? ratis : metering.measured(ratis, ratis.checkpoints());
        } catch (IOException | RuntimeException failure) {
            giveUp();
            throw new IOException(
                    "Node " + own.id() + " can't keep its Raft groups in " + own.raftLogFolder() + ": "
                            + failure.getMessage(),
                    failure);
        }
    }

    /**
     * Waits until every group that this node hosts has a leader, or the node has stopped.
     *
     * @return false when that took longer, or it has {@link #stopped}
     */
    public boolean awaitReady(Duration atMost) throws InterruptedException {
        return isDone(CompletableFuture.anyOf(core.ready(), stopped), atMost) && !stopped.isDone();
    }

    /**
     * Returns a future that is done when the node has closed by itself, because its disk failed, another process is
     * this node, or it can't do the version of the cluster, with the message that it logged. Never fails.
     */
    public CompletableFuture<String> stopped() {
        return stopped.copy();
    }

    private static boolean isDone(CompletableFuture<?> event, Duration atMost) throws InterruptedException {
        try {
            event.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException late) {
            return false;
        } catch (ExecutionException failure) {
            throw new IllegalStateException(failure.getCause());
        }
    }

    /** Returns the number of entries that this node has applied, of all groups that it hosts. */
    long appliedEntries() {
        return core.appliedEntries();
    }

    /** The newest layout that this node knows. */
    Layout layout() {
        return admission.newest();
    }

    /** The members that this node can't work with at this moment, and so waits for, each with the reason. */
    public Map<String, String> troubles() {
        return acquaintances == null ? Map.of() : acquaintances.troubles();
    }

    @Override
    public Member member() {
        return member;
    }

    @Override
    public Link link() {
        return link;
    }

    @Override
    public LocalReplicas replicas() {
        return core.replicas();
    }

    /** Hands leaderships over, for three seconds at most, then stops listening and closes what is in flight. */
    @Override
    public void close() {
        if (!closing.compareAndSet(false, true)) {
            return;
        }
        if (!others().isEmpty()) {
            handOver();
        }
        closeAll();
    }

    private void closeAll() {
        closeAdmin();
        if (listener != null) {
            listener.close();
        }
        loop.close();
        link.close();
        core.close();
        consensus.close();
        stores.close();
        closeLinks();
        unlock();
        Gateway.Counts passedOn = core.passedOn();
        if (passedOn.total() > 0) {
            LOG.info(
                    "Node {} has passed {} requests of clients on to other nodes; {} of them failed",
                    member.id(),
                    passedOn.total(),
                    passedOn.unreachable() + passedOn.unanswered());
        }
    }

    private void handOver() {
        try {
            if (!isDone(core.handOver(), HAND_OVER)) {
                LOG.warn(
                        "Node {} still leads groups after {} s; their members will elect another",
                        member.id(),
                        HAND_OVER.toSeconds());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeLinks() {
        if (links != null) {
            links.close();
        }
    }
}
