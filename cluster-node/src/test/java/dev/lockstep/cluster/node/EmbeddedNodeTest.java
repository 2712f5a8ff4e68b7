package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.link.EmbeddedNode;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.ChangeListener;
import dev.lockstep.protocol.session.LeaseGrant;
import dev.lockstep.protocol.session.ReadResult;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.SessionFactory;
import dev.lockstep.protocol.session.Subscription;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.settings.SettingsException;
import dev.lockstep.protocol.settings.SettingsReader;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryChange;
import dev.lockstep.protocol.wire.EntryChange.Kind;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.MutationResult;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The single node in memory, through a session, as an application meets it. */
class EmbeddedNodeTest {

    private static final Bytes KEY = Bytes.utf8("key");
    private static final Bytes A = Bytes.utf8("a");
    private static final Bytes B = Bytes.utf8("b");

    private EmbeddedNode node;
    private EventLoop loop;
    private Session session;

    @BeforeEach
    void start() {
        var settings =
                SettingsReader.fromUri(URI.create("lockstep:local"), getClass().getClassLoader());
        node = ServiceLoader.load(EmbeddedNode.Provider.class)
                .findFirst()
                .orElseThrow()
                .start(settings);
        loop = EventLoop.threaded("test");
        session = open();
    }

    private Session open() {
        NettyLinks links = new NettyLinks("lockstep", null, Duration.ofSeconds(1), 100);
        return new SessionFactory(links, Duration.ofSeconds(10), Time.system(), loop, Entropy.system()).embedded(node);
    }

    @AfterEach
    void stop() {
        session.close();
        loop.close();
        node.close();
    }

    private static CacheDefinition definition(String name, ExpiryRule expiry) {
        return new CacheDefinition(name, "k", "v", expiry, "", 0, Consistency.SESSION);
    }

    private int cache(ExpiryRule expiry) {
        return session.createCache(definition("cache", expiry)).join().id();
    }

    private MutationResult write(int cache, Mutation mutation) {
        return session.write(cache, mutation, LeaseId.NONE).join().result();
    }

    @Test
    void moreMemoryThanTheHeapCanGiveIsRefusedWithItsPlace(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("lockstep.yaml"), "limits: {memory: 100000GiB}");
        Settings settings = SettingsReader.fromFile(file);
        EmbeddedNode.Provider provider =
                ServiceLoader.load(EmbeddedNode.Provider.class).findFirst().orElseThrow();
        assertThatThrownBy(() -> provider.start(settings))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(file + ":1")
                .hasMessageContaining("\"limits.memory\" is 102400000MiB")
                .hasMessageContaining("(80%) at most. Set less");
    }

    @Test
    void aWriteIsReadLocallyAndByRequest() {
        int cache = cache(ExpiryRule.ETERNAL);
        assertThat(session.get(cache, KEY, Consistency.STRONG).join().entry()).isNull();
        write(cache, Mutation.put(KEY, A, Condition.ANY));
        LocalEntry local = session.getLocal(cache, KEY);
        assertThat(local).isNotNull();
        assertThat(local.value()).isEqualTo(A);
        assertThat(session.getLocal(cache, B)).isSameAs(LocalEntry.ABSENT);
        ReadResult found = session.get(cache, KEY, Consistency.SESSION).join();
        assertThat(found.entry().value()).isEqualTo(A);
        assertThat(found.unchanged()).isEqualTo(new Condition.VersionIs(local.version()));
    }

    @Test
    void anEqualDefinitionAttachesAndADifferentOneIsRefusedNamingTheDifference() {
        int cache = cache(ExpiryRule.ETERNAL);
        assertThat(cache(ExpiryRule.ETERNAL)).isEqualTo(cache);
        ExpiryRule other = new ExpiryRule(Lifetime.ofMillis(5), Lifetime.UNCHANGED, Lifetime.UNCHANGED);
        assertThatThrownBy(() -> cache(other)).cause().isInstanceOfSatisfying(RequestFailedException.class, refused -> {
            assertThat(refused.status()).isEqualTo(Status.DEFINITION_DIFFERS);
            assertThat(refused).hasMessageContaining("expiry is").hasMessageNotContaining("key type");
        });
    }

    @Test
    void aDestroyedCacheIsGoneAndItsNameStartsAfresh() {
        int cache = cache(ExpiryRule.ETERNAL);
        write(cache, Mutation.put(KEY, A, Condition.ANY));
        session.destroyCache(cache).join();
        assertThat(session.caches().join()).isEmpty();
        assertThatThrownBy(() -> session.get(cache, KEY, Consistency.STRONG).join())
                .cause()
                .isInstanceOfSatisfying(
                        RequestFailedException.class,
                        refused -> assertThat(refused.status()).isEqualTo(Status.NO_SUCH_CACHE));
        int again = cache(ExpiryRule.ETERNAL);
        assertThat(again).isGreaterThan(cache);
        assertThat(session.get(again, KEY, Consistency.STRONG).join().entry()).isNull();
    }

    @Test
    void manyKeysGoToAllShardsAndComeBack() {
        int cache = cache(ExpiryRule.ETERNAL);
        List<Mutation> puts = new ArrayList<>();
        Set<Bytes> keys = new HashSet<>();
        for (int i = 0; i < 5_000; i++) {
            Bytes key = Bytes.utf8("key-" + i);
            keys.add(key);
            puts.add(Mutation.put(key, A, Condition.ANY));
        }
        assertThat(session.writeAll(cache, puts).join()).hasSize(5_000);
        assertThat(session.getAll(cache, keys, true, Consistency.SESSION).join())
                .containsOnlyKeys(keys);
        assertThat(session.size(cache, Consistency.SESSION).join()).isEqualTo(5_000);
        assertThat(scan(cache)).containsExactlyInAnyOrderElementsOf(keys);
        session.clear(cache).join();
        assertThat(session.size(cache, Consistency.SESSION).join()).isZero();
    }

    private List<Bytes> scan(int cache) {
        List<Bytes> found = new ArrayList<>();
        for (int shard = 0; shard < session.shards(); shard++) {
            Reply.Keys page =
                    session.scan(cache, shard, null, 100, Consistency.SESSION).join();
            found.addAll(page.keys());
            while (!page.complete()) {
                Bytes last = page.keys().get(page.keys().size() - 1);
                page = session.scan(cache, shard, last, 100, Consistency.SESSION)
                        .join();
                found.addAll(page.keys());
            }
        }
        return found;
    }

    @Test
    void incrementsUnderALeaseAreNeverLost() throws Exception {
        int cache = cache(ExpiryRule.ETERNAL);
        int conflicts = inParallel(4, 500, () -> incrementUnderLease(cache));
        assertThat(conflicts).isZero();
        assertThat(counter(cache)).isEqualTo(2_000);
    }

    @Test
    void incrementsWithoutALeaseAreNeverLostEither() throws Exception {
        int cache = cache(ExpiryRule.ETERNAL);
        inParallel(4, 500, () -> {
            int conflicts = 0;
            while (!increment(
                    cache, session.get(cache, KEY, Consistency.SESSION).join(), LeaseId.NONE)) {
                conflicts++;
            }
            return conflicts;
        });
        assertThat(counter(cache)).isEqualTo(2_000);
    }

    private int incrementUnderLease(int cache) {
        LeaseGrant lease = session.readForUpdate(cache, KEY).join();
        return increment(cache, lease.found(), lease.id()) ? 0 : 1;
    }

    private boolean increment(int cache, ReadResult found, LeaseId lease) {
        byte[] next = found.entry() == null
                ? new byte[2]
                : found.entry().value().array().clone();
        int value = ((next[0] & 0xFF) << 8 | (next[1] & 0xFF)) + 1;
        Bytes incremented = Bytes.of(new byte[] {(byte) (value >> 8), (byte) value});
        Mutation put = Mutation.put(KEY, incremented, found.unchanged());
        return session.write(cache, put, lease).join().result().applied();
    }

    private int counter(int cache) {
        byte[] value = session.get(cache, KEY, Consistency.STRONG)
                .join()
                .entry()
                .value()
                .array();
        return (value[0] & 0xFF) << 8 | (value[1] & 0xFF);
    }

    private static int inParallel(int threads, int times, java.util.concurrent.Callable<Integer> step)
            throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        List<Future<Integer>> futures = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            futures.add(pool.submit(() -> {
                int sum = 0;
                for (int j = 0; j < times; j++) {
                    sum += step.call();
                }
                return sum;
            }));
        }
        int sum = 0;
        for (Future<Integer> future : futures) {
            sum += future.get(60, TimeUnit.SECONDS);
        }
        pool.shutdown();
        return sum;
    }

    @Test
    void aLeaseGoesToTheNextWhenItIsGivenBack() {
        int cache = cache(ExpiryRule.ETERNAL);
        LeaseGrant first = session.readForUpdate(cache, KEY).join();
        var second = session.readForUpdate(cache, KEY);
        assertThat(second).isNotDone();
        assertThat(session.release(cache, KEY, first.id(), first.found().unchanged())
                        .join())
                .isTrue();
        assertThat(second).succeedsWithin(Duration.ofSeconds(10));
    }

    @Test
    void subscribersHearEachChangeOnceAndWhatExpiresByItself() throws Exception {
        int cache = cache(new ExpiryRule(Lifetime.ofMillis(50), Lifetime.UNCHANGED, Lifetime.UNCHANGED));
        BlockingQueue<EntryChange> heard = new LinkedBlockingQueue<>();
        try (Subscription subscription = session.subscribe(cache, new ChangeListener() {
            @Override
            public void changes(int shard, long position, List<EntryChange> changes) {
                heard.addAll(changes);
            }

            @Override
            public void gap(int shard) {}
        })) {
            subscription.ready().get(10, TimeUnit.SECONDS);
            write(cache, Mutation.put(KEY, A, Condition.ANY).living(Lifetime.ETERNAL));
            write(cache, Mutation.put(KEY, B, Condition.ANY).living(Lifetime.ofMillis(50)));
            assertThat(heard.poll(10, TimeUnit.SECONDS).kind()).isEqualTo(Kind.CREATED);
            assertThat(heard.poll(10, TimeUnit.SECONDS).old()).isEqualTo(A);
            assertThat(heard.poll(10, TimeUnit.SECONDS).kind()).isEqualTo(Kind.EXPIRED);
        }
        write(cache, Mutation.put(KEY, A, Condition.ANY).living(Lifetime.ETERNAL));
        assertThat(heard).isEmpty();
    }

    @Test
    void anEntryTooLargeForTheLogIsRefusedBeforeItIsSent() {
        int cache = cache(ExpiryRule.ETERNAL);
        Mutation huge = Mutation.put(KEY, Bytes.of(new byte[5 << 20]), Condition.ANY);
        assertThatThrownBy(() -> write(cache, huge)).cause().hasMessageContaining("The limit is 4 MiB");
    }

    @Test
    void anotherSessionSeesTheSameCaches() {
        int cache = cache(ExpiryRule.ETERNAL);
        write(cache, Mutation.put(KEY, A, Condition.ANY));
        Session other = open();
        assertThat(other.createCache(definition("cache", ExpiryRule.ETERNAL))
                        .join()
                        .id())
                .isEqualTo(cache);
        assertThat(other.get(cache, KEY, Consistency.STRONG).join().entry().value())
                .isEqualTo(A);
        other.close();
    }
}
