package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.spring.LockstepCacheManager;
import dev.lockstep.spring.boot.app.Shop;
import dev.lockstep.spring.boot.app.ShopApplication;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.cache.CacheException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cache.Cache;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;
import org.springframework.transaction.support.TransactionTemplate;

/** An application whose cluster goes away and comes back. */
@Timeout(300)
class OnErrorIT {

    @TempDir
    Path home;

    private NodeProcesses node;

    @BeforeEach
    void start() throws Exception {
        node = NodeProcesses.start(home, 1, ApplicationProcess.classPathOfNodes());
    }

    @AfterEach
    void stop() {
        node.close();
    }

    private ConfigurableApplicationContext run(String... properties) {
        Stream<String> client =
                Stream.of("lockstep.servers=" + node.addresses(), "lockstep.cluster=processes", "lockstep.timeout=1s");
        return new SpringApplicationBuilder(ShopApplication.class)
                .web(WebApplicationType.NONE)
                .run(Stream.concat(client, Stream.of(properties))
                        .map(one -> "--" + one)
                        .toArray(String[]::new));
    }

    @Test
    void callsFailByDefaultAndRecoverByThemselves() throws Exception {
        try (ConfigurableApplicationContext context = run()) {
            Shop shop = context.getBean(Shop.class);
            assertThat(shop.price("tea")).isEqualTo(1);
            node.node(0).kill();
            assertThatThrownBy(() -> shop.price("tea")).isInstanceOf(CacheException.class);
            assertThatThrownBy(() -> shop.synced("tea")).isInstanceOf(CacheException.class);
            assertThatThrownBy(() -> shop.stock("tea")).isInstanceOf(CacheException.class);
            assertThatThrownBy(() -> shop.forget("tea")).isInstanceOf(CacheException.class);
            node.makeWhole();
            Eventually.holds("it answers from the cache", () -> {
                try {
                    return shop.price("tea") == 1;
                } catch (CacheException notYet) {
                    return false;
                }
            });
        }
    }

    @Test
    void withMissItGoesOnAndWhatWasRemovedMeanwhileIsRemoved() throws Exception {
        try (ConfigurableApplicationContext other = run();
                ConfigurableApplicationContext context = run("lockstep.on-error=miss")) {
            Shop shop = context.getBean(Shop.class);
            assertThat(shop.price("tea")).isEqualTo(1);
            assertThat(shop.price("jam")).isEqualTo(2);
            assertThat(shop.synced("tea")).isEqualTo(3);
            node.node(0).kill();
            assertThat(shop.synced("tea")).isEqualTo(4);
            assertThat(shop.stock("tea")).isEqualTo(5);
            assertThat(shop.price("oat")).isEqualTo(6);
            shop.forget("tea");
            assertThat(shop.reprice("jam")).isEqualTo(7);
            node.makeWhole();
            Cache asOthersSeeIt = other.getBean(LockstepCacheManager.class).getCache("prices");
            for (String name : List.of("tea", "jam")) {
                Eventually.holds("the old price of " + name + " is gone for others too", () -> {
                    try {
                        return asOthersSeeIt.get(name) == null;
                    } catch (CacheException notYet) {
                        return false;
                    }
                });
            }
            Eventually.holds("it caches again", () -> {
                int price = shop.price("tea");
                return shop.price("tea") == price;
            });
            assertThat(shop.synced("tea")).isEqualTo(3);
        }
    }

    @Test
    void withMissACommitGoesOnWithWhatItCouldNotTellTheCluster() throws Exception {
        try (ConfigurableApplicationContext context =
                run("lockstep.on-error=miss", "lockstep.transaction-aware=true")) {
            Cache cache = context.getBean(LockstepCacheManager.class).getCache("prices");
            cache.put("tea", 1);
            node.node(0).kill();
            new TransactionTemplate(new Transactions()).executeWithoutResult(open -> {
                cache.evict("tea");
                cache.put("jam", 2);
            });
            node.makeWhole();
            assertThat(cache.get("tea")).isNull();
        }
    }

    /** Transactions of nothing. */
    private static final class Transactions extends AbstractPlatformTransactionManager {

        private static final long serialVersionUID = 1;

        @Override
        protected Object doGetTransaction() {
            return this;
        }

        @Override
        protected void doBegin(Object transaction, TransactionDefinition definition) {}

        @Override
        protected void doCommit(DefaultTransactionStatus status) {}

        @Override
        protected void doRollback(DefaultTransactionStatus status) {}
    }
}
