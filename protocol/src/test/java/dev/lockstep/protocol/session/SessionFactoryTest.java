package dev.lockstep.protocol.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class SessionFactoryTest {

    private static final NodeId NODE = new NodeId("n1");
    private static final ClusterView VIEW = new ClusterView(
            "demo", List.of(new Member(NODE, "b", 2)), new ShardMap(1, List.of(List.of(NODE))), Map.of());

    private final Map<String, Link.ReplyHandler> waiting = new HashMap<>();
    private final SimulatedWorld world = new SimulatedWorld();
    private final SessionFactory sessions =
            new SessionFactory(links(), Duration.ofSeconds(1), world, world, Entropy.system());

    private Links links() {
        return new Links() {
            @Override
            public Link to(Member member) {
                return new Link() {
                    @Override
                    public long send(Request request, ReplyHandler handler) {
                        waiting.put(member.host(), handler);
                        return waiting.size();
                    }

                    @Override
                    public boolean isOpen() {
                        return true;
                    }

                    @Override
                    public void close() {}
                };
            }

            @Override
            public void close() {}
        };
    }

    @Test
    void aServerThatAnswersAfterTheOthersHaveFailedIsEnough() {
        CompletableFuture<Session> session = sessions.connect(List.of("a:1", "b:2"));
        waiting.get("a").failed(false, new IOException("Connection refused"));
        assertThat(session).isNotDone();
        waiting.get("b").reply(new Reply.Cluster(VIEW));
        assertThat(session).isCompleted();
        assertThat(session.join().view()).isEqualTo(VIEW);
    }

    @Test
    void aSessionThroughAGatewayReachesMembersOverTheServerThatHasAnswered() {
        CompletableFuture<Session> session = sessions.connectThroughGateway(List.of("a:1", "c:3"));
        waiting.get("c").reply(new Reply.Cluster(VIEW));
        waiting.clear();
        session.join().currentView();
        assertThat(waiting).containsOnlyKeys("c");
    }

    @Test
    void withoutAnyServerItFailsOnceAllHave() {
        CompletableFuture<Session> session = sessions.connect(List.of("a:1", "b:2"));
        waiting.get("b").failed(false, new IOException("Connection refused by b"));
        assertThat(session).isNotDone();
        waiting.get("a").failed(false, new IOException("Connection refused by a"));
        assertThat(session).isCompletedExceptionally();
    }
}
