package dev.lockstep.system.meters;

import dev.lockstep.cluster.meters.MeterValues;
import dev.lockstep.cluster.meters.NodeMeter;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.jcache.spi.LockstepCachingProvider;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.LinkCalls;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.event.CacheEntryCreatedListener;
import javax.cache.event.CacheEntryEvent;
import javax.cache.expiry.CreatedExpiryPolicy;

/**
 * Three nodes with admin ports, one of them on RocksDB, under known operations of two clients, while they are scraped; afterwards each
 * meter of the catalogue has to be there, and the counters have to say what the clients have counted. Not thread-safe.
 */
final class Meters implements AutoCloseable {

    private static final int NODES = 3;
    private static final int KEYS = 200;
    private static final List<String> SETTINGS =
            List.of("shards: 4", "caches: {\"strong*\": {consistency: strong}, \"bounded\": {max-entries: 40}}");
    private static final List<String> CACHES = List.of("plain", "strong");
    private static final String BOUNDED = "bounded";
    private static final int BOUND = 40;
    private static final String MORTAL = "mortal";
    private static final javax.cache.expiry.Duration LIFETIME = new javax.cache.expiry.Duration(TimeUnit.SECONDS, 1);
    private static final List<String> GROUPS = List.of("control", "0", "1", "2", "3");
    /** The groups that a node leads at most, once their leaderships are spread. */
    private static final int SHARE = 2;

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Set<NodeMeter> OF_ROCKSDB = Set.of(
            NodeMeter.ROCKSDB_FILES,
            NodeMeter.ROCKSDB_UNFLUSHED,
            NodeMeter.ROCKSDB_CACHE,
            NodeMeter.ROCKSDB_PENDING_COMPACTION,
            NodeMeter.ROCKSDB_STALLED,
            NodeMeter.ROCKSDB_ERRORS);

    /** Between two scrapes. */
    private static final long PAUSE_MILLIS = 100;

    private final HttpClient http = HttpClient.newHttpClient();
    private final Random random;
    private final List<Integer> ports;
    private final NodeProcesses nodes;
    private final LockstepCachingProvider provider = new LockstepCachingProvider();
    private final Map<String, Tally> done = new TreeMap<>();
    private final List<String> unequal = new ArrayList<>();
    private final Set<String> missing = new TreeSet<>();
    private final AtomicInteger scrapes = new AtomicInteger();

    /** The operations of the clients on one cache. */
    private static final class Tally {
        private final Set<Integer> entries = new HashSet<>();
        private long hits;
        private long misses;
        private long puts;
        private long removals;

        void looksUp(int key) {
            if (entries.contains(key)) {
                hits++;
            } else {
                misses++;
            }
        }

        void puts(int key) {
            puts++;
            entries.add(key);
        }

        void removes(int key) {
            if (entries.remove(key)) {
                removals++;
            }
        }
    }

    /** Hears of entries, so that there are subscriptions. */
    static final class Listener implements CacheEntryCreatedListener<Integer, Integer>, Serializable {

        private static final long serialVersionUID = 1;
        private static final AtomicInteger HEARD = new AtomicInteger();

        @Override
        public void onCreated(Iterable<CacheEntryEvent<? extends Integer, ? extends Integer>> events) {
            events.forEach(event -> HEARD.incrementAndGet());
        }
    }

    Meters(Path home, long seed) throws IOException {
        random = new Random(seed);
        List<MemberPorts> members = MemberPorts.reserve(NODES);
        ports = MemberPorts.freePorts(NODES);
        nodes = NodeProcesses.start(home, members, id -> configuration(id, members), Map.of());
    }

    private String configuration(String id, List<MemberPorts> members) {
        int index = Integer.parseInt(id.substring(1)) - 1;
        String own = "data: data, checkpoint-entries: 100, admin: \"127.0.0.1:" + ports.get(index) + "\""
                + (index == NODES - 1 ? ", store: rocksdb" : "");
        return NodeProcesses.configuration(id, members, String.join(System.lineSeparator(), SETTINGS))
                .replace("data: data", own)
                // A change of leaders that a busy machine brings about makes clients ask again.
                .replace("election-timeout: 300ms", "election-timeout: 2s");
    }

    NodeProcesses nodes() {
        return nodes;
    }

    /** The admin ports. */
    List<Integer> ports() {
        return ports;
    }

    /** Waits until no node leads more groups than its share: a leader that goes takes leases with it, for which its clients ask again. */
    void awaitBalance() throws Exception {
        Eventually.holds("no node leads more than " + SHARE + " groups", () -> {
            List<MeterValues> now = scrape();
            return sum(now, NodeMeter.RAFT_LEADER, Map.of()) == GROUPS.size()
                    && now.stream()
                            .allMatch(node -> node.sum(NodeMeter.RAFT_LEADER.prometheusName(), Map.of()) <= SHARE);
        });
    }

    private List<MeterValues> scrape() {
        List<MeterValues> nodesNow = new ArrayList<>();
        for (int node = 0; node < NODES; node++) {
            nodesNow.add(MeterValues.parse(get(node, "/metrics").body()));
        }
        return nodesNow;
    }

    /** Has both clients do so many operations on each cache, while the nodes are scraped. */
    void load(int operations) throws Exception {
        ScheduledExecutorService scraper = Executors.newSingleThreadScheduledExecutor();
        Future<?> scraping = scraper.scheduleWithFixedDelay(this::scrapeOne, 0, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        try {
            URI direct = nodes.uri();
            URI gateway =
                    URI.create("lockstep://127.0.0.1:" + nodes.node(0).member().port() + "/processes?routing=gateway");
            for (String cache : CACHES) {
                load(cache, provider.getCacheManager(direct, null), operations);
                load(cache, provider.getCacheManager(gateway, null), operations);
            }
            askForWhatIsNotThere();
            fill(provider.getCacheManager(direct, null));
            equal("failed scrapes", 0, scraping.isDone() ? 1 : 0);
        } finally {
            scraping.cancel(false);
            scraper.shutdown();
            scraper.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private void scrapeOne() {
        HttpResponse<String> scraped = get(scrapes.getAndIncrement() % NODES, "/metrics");
        if (scraped.statusCode() != 200) {
            throw new IllegalStateException("A scrape was answered " + scraped.statusCode() + ": " + scraped.body());
        }
        MeterValues.parse(scraped.body());
    }

    private void load(String name, CacheManager manager, int operations) {
        Tally tally = done.computeIfAbsent(name, none -> new Tally());
        Cache<Integer, Integer> cache = manager.getCache(name, Integer.class, Integer.class);
        if (cache == null) {
            cache = manager.createCache(
                    name, new MutableConfiguration<Integer, Integer>().setTypes(Integer.class, Integer.class));
        }
        var listening = new MutableCacheEntryListenerConfiguration<Integer, Integer>(Listener::new, null, false, false);
        cache.registerCacheEntryListener(listening);
        for (int i = 0; i < operations; i++) {
            operation(cache, tally, random.nextInt(KEYS), i);
        }
    }

    private void operation(Cache<Integer, Integer> cache, Tally tally, int key, int value) {
        switch (random.nextInt(6)) {
            case 0 -> {
                cache.get(key);
                tally.looksUp(key);
            }
            case 1 -> {
                cache.containsKey(key);
                tally.looksUp(key);
            }
            case 2 -> {
                Set<Integer> some = some(key);
                cache.getAll(some);
                some.forEach(tally::looksUp);
            }
            case 3 -> {
                cache.put(key, value);
                tally.puts(key);
            }
            case 4 -> {
                cache.remove(key);
                tally.removes(key);
            }
            default -> {
                cache.invoke(key, (entry, arguments) -> {
                    entry.setValue(value);
                    return entry.exists();
                });
                tally.looksUp(key);
                tally.puts(key);
            }
        }
    }

    /** Fills a cache with entries that expire, and one that has no room for all, until the nodes have removed what is to go. */
    private void fill(CacheManager manager) throws Exception {
        MutableConfiguration<Integer, Integer> configuration =
                new MutableConfiguration<Integer, Integer>().setTypes(Integer.class, Integer.class);
        List<Cache<Integer, Integer>> caches = List.of(
                manager.createCache(BOUNDED, configuration),
                manager.createCache(
                        MORTAL, configuration.setExpiryPolicyFactory(CreatedExpiryPolicy.factoryOf(LIFETIME))));
        for (int key = 0; key < KEYS; key++) {
            for (Cache<Integer, Integer> cache : caches) {
                cache.put(key, key);
            }
        }
        Eventually.holds("all entries of a cache expire", () -> entries(scrape(), MORTAL) == 0);
        Eventually.holds("a cache is within its bound", () -> entries(scrape(), BOUNDED) <= BOUND);
    }

    private static double entries(List<MeterValues> nodes, String cache) {
        return sum(nodes, NodeMeter.CACHE_ENTRIES, Map.of("cache", cache));
    }

    private static Set<Integer> some(int key) {
        return Set.of(key, key + 1, key + 2);
    }

    /** One request that every node refuses for good. */
    private void askForWhatIsNotThere() throws Exception {
        MemberPorts first = nodes.node(0).member();
        try (NettyLinks links = new NettyLinks("processes", null, PATIENCE, 100)) {
            Link link = links.to(new Member(new NodeId(first.id()), "127.0.0.1", first.port()));
            var get = new Request.Get(9_999, 0, List.of(Bytes.utf8("key")), true, Consistency.SESSION, 0, 0);
            Reply refused = LinkCalls.call(link, get).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            equal(
                    "the refusal",
                    1,
                    refused instanceof Reply.Refused one && one.status() == Status.NO_SUCH_CACHE ? 1 : 0);
        }
    }

    /** Compares what the nodes say with what was done. */
    void compare() {
        List<MeterValues> nodesNow = scrape();
        for (NodeMeter meter : NodeMeter.values()) {
            for (int node = 0; node < NODES; node++) {
                if (node == NODES - 1 || !OF_ROCKSDB.contains(meter)) {
                    present(meter, nodesNow.get(node), "n" + (node + 1));
                }
            }
        }
        done.forEach((cache, tally) -> {
            Map<String, String> labels = Map.of("cache", cache);
            equal("hits of " + cache, tally.hits, sum(nodesNow, NodeMeter.CACHE_GETS, with(labels, "result", "hit")));
            equal(
                    "misses of " + cache,
                    tally.misses,
                    sum(nodesNow, NodeMeter.CACHE_GETS, with(labels, "result", "miss")));
            equal("puts of " + cache, tally.puts, sum(nodesNow, NodeMeter.CACHE_PUTS, labels));
            equal("removals of " + cache, tally.removals, sum(nodesNow, NodeMeter.CACHE_REMOVALS, labels));
            equal("entries of " + cache, tally.entries.size(), sum(nodesNow, NodeMeter.CACHE_ENTRIES, labels));
        });
        Map<String, String> bounded = Map.of("cache", BOUNDED);
        Map<String, String> mortal = Map.of("cache", MORTAL);
        equal("evictions", KEYS - entries(nodesNow, BOUNDED), sum(nodesNow, NodeMeter.CACHE_EVICTIONS, bounded));
        equal("expirations of " + BOUNDED, 0, sum(nodesNow, NodeMeter.CACHE_EXPIRATIONS, bounded));
        equal("expirations", KEYS, sum(nodesNow, NodeMeter.CACHE_EXPIRATIONS, mortal));
        equal("evictions of " + MORTAL, 0, sum(nodesNow, NodeMeter.CACHE_EVICTIONS, mortal));
        positive(nodesNow, NodeMeter.LEADER_TENURE.prometheusName());
        equal(
                "forwards that failed",
                0,
                sum(nodesNow, NodeMeter.FORWARDS, Map.of())
                        - sum(nodesNow, NodeMeter.FORWARDS, Map.of("result", "success")));
        equal(
                "permanent failures",
                1,
                sum(nodesNow, NodeMeter.CACHE_FAILURES, Map.of("kind", "permanent", "cache", "(unknown)")));
        positive(nodesNow, NodeMeter.FORWARDS.prometheusName());
        positive(nodesNow, NodeMeter.FORWARD_LATENCY.prometheusName() + "_count");
        positive(nodesNow, NodeMeter.READ_ROUNDS.prometheusName());
        positive(nodesNow, NodeMeter.PROPOSALS.prometheusName() + "_count");
        positive(nodesNow, NodeMeter.CHECKPOINTS.prometheusName() + "_count");
        if (!"ratis".equals(NodeProcesses.raftLog())) { // which does not tell what it writes
            positive(nodesNow, NodeMeter.LOG_WRITTEN.prometheusName());
            positive(nodesNow, NodeMeter.LOG_SYNCS.prometheusName() + "_count");
        }
        positive(nodesNow, NodeMeter.SUBSCRIPTIONS.prometheusName());
        positive(nodesNow, NodeMeter.SESSIONS.prometheusName());
        for (String group : GROUPS) {
            equal("leaders of group " + group, 1, sum(nodesNow, NodeMeter.RAFT_LEADER, Map.of("group", group)));
        }
        equal("failed requests", 0, sum(nodesNow, NodeMeter.REQUESTS_REFUSED, Map.of()));
    }

    private static Map<String, String> with(Map<String, String> labels, String name, String value) {
        Map<String, String> more = new HashMap<>(labels);
        more.put(name, value);
        return more;
    }

    private static double sum(List<MeterValues> nodes, NodeMeter meter, Map<String, String> labels) {
        return nodes.stream()
                .mapToDouble(node -> node.sum(meter.prometheusName(), labels))
                .sum();
    }

    private void equal(String what, double expected, double actual) {
        if (expected != actual) {
            unequal.add(what + ": " + actual + ", not " + expected);
        }
    }

    private void positive(List<MeterValues> nodes, String name) {
        if (!(nodes.stream().mapToDouble(node -> node.sum(name, Map.of())).sum() > 0)) {
            unequal.add(name + " is not above zero");
        }
    }

    /** A meter is there if it has a number and all of its tags. */
    private void present(NodeMeter meter, MeterValues node, String name) {
        String sample = meter.prometheusName()
                + switch (meter.kind()) {
                    case COUNTER, GAUGE -> "";
                    case TIMER, SUMMARY -> "_count";
                };
        boolean isThere = node.of(sample).findAny().isPresent()
                && node.of(sample)
                        .allMatch(
                                one -> one.labels().keySet().containsAll(meter.tags()) && Double.isFinite(one.value()));
        if (!isThere) {
            missing.add(meter.id() + " at " + name);
        }
    }

    /** Asks a node's admin port. */
    HttpResponse<String> get(int node, String path) {
        return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + ports.get(node) + path))
                .timeout(PATIENCE));
    }

    HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** The meters that were missing or unequal. */
    List<String> findings() {
        List<String> findings = new ArrayList<>();
        missing.forEach(meter -> findings.add("missing: " + meter));
        unequal.forEach(one -> findings.add("unequal: " + one));
        return findings;
    }

    int scrapes() {
        return scrapes.get();
    }

    @Override
    public String toString() {
        return "meters=%d missing=%d unequal=%d".formatted(NodeMeter.values().length, missing.size(), unequal.size());
    }

    @Override
    public void close() {
        provider.close();
        nodes.close();
    }
}
