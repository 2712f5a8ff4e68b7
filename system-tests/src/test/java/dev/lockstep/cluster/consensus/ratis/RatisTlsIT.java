package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ReplicatedLogContract.Replica;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.protocol.link.LinkCalls;
import dev.lockstep.protocol.netty.Certificates;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.netty.Tls;
import dev.lockstep.protocol.tls.Credentials;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes that speak TLS 1.3 with each other, each with a certificate of its own. */
class RatisTlsIT {

    private static final int ENTRIES = 2_000;

    @TempDir
    Path home;

    private static final List<Tls> TLS = new ArrayList<>();
    private static Certificates certificates;

    private RatisNodes nodes;

    @BeforeAll
    static void certify(@TempDir Path folder) throws Exception {
        certificates = new Certificates(folder);
        for (String name : List.of("n1", "n2", "n3")) {
            Credentials own = certificates.credentials(name);
            TLS.add(new Tls(() -> own, false));
        }
    }

    @BeforeEach
    void start() throws Exception {
        nodes = RatisNodes.three(home, TLS);
    }

    @AfterEach
    void stop() {
        nodes.close();
    }

    @Test
    void proposalsAreAppliedInOrderOnAllMembers() throws Exception {
        Replica leader = nodes.leader();
        List<String> texts = new ArrayList<>();
        List<CompletableFuture<RecordingMachine.Entry>> answers = new ArrayList<>();
        for (int i = 0; i < ENTRIES; i++) {
            String text = (i % 100 == 0 ? "large ".repeat(20_000) : "entry ") + i;
            texts.add(text.substring(0, Math.min(100, text.length())));
            answers.add(leader.log().propose(text.getBytes(StandardCharsets.UTF_8)));
        }
        for (CompletableFuture<RecordingMachine.Entry> answer : answers) {
            answer.get(30, TimeUnit.SECONDS);
        }
        for (Replica replica : nodes.replicas()) {
            Eventually.holds("all is applied", () -> replica.machine().applied().size() == ENTRIES);
            assertThat(replica.machine().texts()).isEqualTo(texts);
        }
    }

    @Test
    void aPeerWithoutACertificateReachesNoLog() throws Exception {
        nodes.leader();
        Credentials anonymous = certificates.anonymous();
        Tls without = new Tls(() -> anonymous, false);
        try (NettyLinks links = new NettyLinks(
                "ratis-test", () -> NodeIdentity.untold(new NodeId("n2")), Duration.ofSeconds(2), 100, without)) {
            CompletableFuture<Reply> answer =
                    LinkCalls.call(links.to(nodes.members().get(0)), new Request.ToLog(Bytes.EMPTY));
            assertThatThrownBy(() -> answer.get(20, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(IOException.class)
                    .hasMessageContaining("No secure connection");
        }
    }
}
