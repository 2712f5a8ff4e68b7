package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.link.EmbeddedNode;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.SessionFactory;
import dev.lockstep.protocol.settings.SettingsReader;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Members that are embedded in applications: three in this JVM, which meet over TCP all the same. */
class EmbeddedMemberIT {

    private static final Bytes KEY = Bytes.utf8("key");

    @TempDir
    Path home;

    private EmbeddedNode start(MemberPorts self, List<MemberPorts> members) {
        try {
            Path file = home.resolve(self.id() + ".yaml");
            String settings = "shards: 2";
            Files.writeString(
                    file,
                    NodeProcesses.configuration(self.id(), members, settings)
                            .replace("data: data", "data: data-" + self.id()));
            return new NodeProvider().start(SettingsReader.fromFile(file));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Test
    void eachReadsItsOwnReplicaAndSeesWhatItsSessionHasSeen() throws Exception {
        List<MemberPorts> members = MemberPorts.reserve(3);
        List<CompletableFuture<EmbeddedNode>> starting = members.stream()
                .map(member -> CompletableFuture.supplyAsync(() -> start(member, members)))
                .toList();
        EventLoop loop = EventLoop.threaded("sessions");
        List<Session> sessions = new ArrayList<>();
        List<EmbeddedNode> nodes = new ArrayList<>();
        try {
            for (CompletableFuture<EmbeddedNode> node : starting) {
                nodes.add(node.get(60, TimeUnit.SECONDS));
            }
            for (EmbeddedNode node : nodes) {
                NettyLinks links = new NettyLinks("processes", null, Duration.ofSeconds(1), 100);
                sessions.add(new SessionFactory(links, Duration.ofSeconds(20), Time.system(), loop, Entropy.system())
                        .embedded(node));
            }
            var definition = new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION);
            for (int i = 0; i < sessions.size(); i++) {
                Session session = sessions.get(i);
                Bytes value = Bytes.utf8("value-" + i);
                int cache = session.createCache(definition).join().id();
                session.write(cache, Mutation.put(KEY, value, Condition.ANY), LeaseId.NONE)
                        .join();
                // Null at first where the write was acknowledged by a leader that this replica has yet to hear from.
                LocalEntry[] local = new LocalEntry[1];
                Eventually.holds("the own replica answers", () -> {
                    local[0] = session.getLocal(cache, KEY);
                    return local[0] != null;
                });
                assertThat(local[0].value()).isEqualTo(value);
                for (Session other : sessions) {
                    assertThat(other.get(cache, KEY, Consistency.STRONG)
                                    .join()
                                    .entry()
                                    .value())
                            .isEqualTo(value);
                }
            }
        } finally {
            sessions.forEach(Session::close);
            nodes.forEach(EmbeddedNode::close);
            loop.close();
        }
    }
}
