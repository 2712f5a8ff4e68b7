package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.scram.ScramCredentials;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Users and roles of a cluster of processes, set by its operator. */
class AccessIT {

    @TempDir
    Path home;

    private EncryptedCluster cluster;

    @BeforeEach
    void start() throws Exception {
        cluster = new EncryptedCluster(home, ", client-certificates: optional");
        cluster.init(
                "--node=n1=127.0.0.1",
                "--node=n2=127.0.0.1",
                "--node=n3=127.0.0.1",
                "--client=shop",
                "--client=stranger",
                "--client=operator");
        cluster.start(MemberPorts.reserve(3));
        cluster.isWhole();
    }

    @AfterEach
    void close() throws Exception {
        cluster.close();
    }

    private void done(String... words) {
        assertThat(cluster.runAs("operator", words)).as("%s", cluster.printed()).isZero();
    }

    private static CompletableFuture<CacheInfo> create(Session session, String name) {
        return session.createCache(new CacheDefinition(name, "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION));
    }

    private static CompletableFuture<?> put(Session session, CacheInfo cache, String key) {
        return session.write(cache.id(), Mutation.put(Bytes.utf8(key), Bytes.utf8("v"), Condition.ANY), LeaseId.NONE);
    }

    private static void isForbidden(ThrowingCallable call) {
        assertThatThrownBy(call)
                .satisfies(failure -> assertThat(Futures.cause(failure))
                        .isInstanceOfSatisfying(
                                RequestFailedException.class,
                                refused -> assertThat(refused.status()).isEqualTo(Status.FORBIDDEN)));
    }

    /** A node applies a change a moment after its leader has acknowledged it. */
    private static void becomesForbidden(String what, ThrowingCallable call) throws Exception {
        Eventually.holds(what, () -> {
            try {
                call.call();
                return false;
            } catch (Throwable failure) {
                return Futures.cause(failure) instanceof RequestFailedException refused
                        && refused.status() == Status.FORBIDDEN;
            }
        });
    }

    @Test
    void fromTheFirstUserOnEachMayDoWhatItsRolesSay() throws Exception {
        Session stranger = cluster.client("stranger", null);
        CacheInfo secrets = create(stranger, "secrets").join();
        put(stranger, secrets, "k").join();

        assertThat(cluster.runAs("operator", "user", "set", "shop", "--roles", "shop"))
                .isEqualTo(1);
        assertThat(cluster.printed()).contains("roles that do not exist: [shop]");
        done("user", "set", "operator", "--roles", "administrator");
        done("role", "set", "shop", "--caches", "orders*=read,write,create");
        done("user", "set", "shop", "--roles", "shop");
        done("user", "list", "--json");
        assertThat(cluster.printed())
                .contains("{\"user\":\"operator\",\"roles\":[\"administrator\"],\"password\":false}");

        becomesForbidden(
                "the stranger is not served any more",
                () -> put(stranger, secrets, "k").join());
        Session shop = cluster.client("shop", null);
        CacheInfo orders = create(shop, "orders-2026").join();
        put(shop, orders, "k").join();
        assertThat(shop.get(orders.id(), Bytes.utf8("k"), Consistency.SESSION)
                        .join()
                        .entry())
                .isNotNull();
        assertThat(shop.caches().join()).containsExactly(orders);
        isForbidden(() -> create(shop, "more-secrets").join());
        isForbidden(() -> put(shop, secrets, "k").join());
        isForbidden(() -> shop.destroyCache(orders.id()).join());
        assertThat(cluster.runAs("shop", "user", "set", "shop", "--roles", "administrator"))
                .isEqualTo(1);
        assertThat(cluster.printed()).contains("User \"shop\" may not do that: it needs the right to administer");
        isForbidden(() -> cluster.client("stranger", null));

        done("role", "set", "shop", "--caches", "orders*=read");
        becomesForbidden(
                "the shop may not write any more", () -> put(shop, orders, "k").join());
        assertThat(shop.get(orders.id(), Bytes.utf8("k"), Consistency.SESSION)
                        .join()
                        .entry())
                .isNotNull();
        assertThat(cluster.runAs("operator", "user", "remove", "operator")).isEqualTo(1);
        assertThat(cluster.printed()).contains("No user would have the right to administer");
        assertThat(Files.readString(cluster.nodes().node(0).log())
                        + Files.readString(cluster.nodes().node(1).log())
                        + Files.readString(cluster.nodes().node(2).log()))
                .contains("\"event\":\"request\",\"user\":\"shop\"", "DestroyCache", "\"outcome\":\"refused\"")
                .contains("ChangeAccess[revision=0, change=PutUser[user=User[name=operator");
    }

    @Test
    void aUserLogsInWithAPassword() throws Exception {
        Path file = Files.writeString(home.resolve("password"), "correct horse\n");
        done("user", "set", "operator", "--roles", "administrator");
        done("role", "set", "shop", "--caches", "*=read,write,create");
        done("user", "set", "till", "--roles", "shop", "--password-file", file.toString());
        assertThat(cluster.printed()).contains("user till has the roles shop and a password");
        ScramCredentials till = new ScramCredentials("till", "correct horse"::toCharArray);
        Session session = cluster.client(till);
        CacheInfo cache = create(session, "c").join();
        put(session, cache, "k").join();
        isForbidden(() -> cluster.client(new ScramCredentials("till", "wrong"::toCharArray)));
        isForbidden(() -> cluster.client(new ScramCredentials("nobody", "correct horse"::toCharArray)));

        cluster.nodes().node(0).close();
        put(session, cache, "k").join();
        cluster.nodes().node(0).restart();
        cluster.nodes().node(0).awaitReady();
        cluster.isWhole();
        put(session, cache, "k").join();
        done("user", "set", "till", "--roles", "shop", "--no-password");
        isForbidden(() -> cluster.client(new ScramCredentials("till", "correct horse"::toCharArray)));
        String logs = Files.readString(cluster.nodes().node(0).log())
                + Files.readString(cluster.nodes().node(1).log())
                + Files.readString(cluster.nodes().node(2).log());
        assertThat(logs)
                .contains("\"event\":\"connect\",\"user\":\"till\"", "\"user\":\"nobody\"")
                .doesNotContain("correct horse")
                .doesNotContain("SCRAM-SHA-256$");
    }

    @Test
    void aNodeThatIsStartedAgainServesNobodyBeforeItKnowsTheUsers() throws Exception {
        done("user", "set", "operator", "--roles", "administrator");
        cluster.nodes().node(0).close();
        cluster.nodes().node(0).restart();
        isForbidden(() -> cluster.client("stranger", null));
    }
}
