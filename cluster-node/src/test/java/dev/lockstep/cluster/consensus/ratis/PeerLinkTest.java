package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.routing.Link;
import dev.lockstep.protocol.routing.Links;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PeerLinkTest {

    private final SimulatedWorld world = new SimulatedWorld();
    private final Member member = new Member(new NodeId("n2"), "127.0.0.1", 1);
    private final PeerLink peer = new PeerLink(new Answering(), member, world, () -> {});
    private boolean reachable;

    /** Answers each message at once, or fails it. */
    private final class Answering implements Links, Link {

        @Override
        public Link to(Member member) {
            return this;
        }

        @Override
        public long send(Request request, ReplyHandler handler) {
            if (reachable) {
                handler.reply(new Reply.FromLog(Bytes.EMPTY));
            } else {
                handler.failed(false, new IOException("cut off"));
            }
            return 1;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    private void say(boolean answers) {
        reachable = answers;
        peer.send(Bytes.EMPTY, (answer, failure) -> {});
        world.pass(Duration.ofSeconds(1));
    }

    private static List<String> said(Runnable action) {
        PrintStream before = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try {
            System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
            action.run();
        } finally {
            System.setErr(before);
        }
        return said.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.contains("PeerLink"))
                .toList();
    }

    @Test
    void aPeerThatComesAndGoesIsToldOfOnceAMinute() {
        assertThat(said(() -> {
                    for (int i = 0; i < 120; i++) {
                        say(i % 2 == 1);
                    }
                }))
                .filteredOn(line -> line.contains("can't be reached"))
                .hasSize(2);
    }

    @Test
    void thatAPeerIsGoneIsToldOnceHoweverLongItStaysAndSoonIfItWentWhileLinesWereHeldBack() {
        assertThat(said(() -> {
                    say(false);
                    say(true);
                    for (int i = 0; i < 300; i++) {
                        say(false);
                    }
                }))
                .filteredOn(line -> line.contains("can't be reached"))
                .hasSize(2);
    }
}
