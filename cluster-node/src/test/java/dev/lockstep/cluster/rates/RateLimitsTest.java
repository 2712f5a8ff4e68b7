package dev.lockstep.cluster.rates;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.rates.RateLimits.Limit;
import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.settings.Settings.Rate;
import dev.lockstep.protocol.settings.Settings.Rates;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RateLimitsTest {

    private static final Bytes KEY = Bytes.utf8("key");
    private static final Rate NONE = new Rate(0, 0);
    private static final Identity ADA = new Identity.OfUser("ada", "/10.0.0.1:1");
    private static final Identity BOB = new Identity.OfUser("bob", "/10.0.0.1:2");

    private final SimulatedWorld world = new SimulatedWorld();

    private RateLimits limits(Rate client, Rate cache, Rate node) {
        return new RateLimits(new Rates(client, cache, node), world, world);
    }

    private static Request get(int cache) {
        return new Request.Get(cache, 0, List.of(KEY), true, Consistency.SESSION, 0, 0);
    }

    private static Request put(int bytes) {
        return new Request.Write(
                1,
                0,
                new RequestId(1, 2, 3, 3),
                List.of(Mutation.put(KEY, Bytes.of(new byte[bytes - KEY.size()]), Condition.ANY)),
                LeaseId.NONE);
    }

    /** Returns what was answered so far: null for admitted, and nothing if the request waits. */
    private static List<Reply.Refused> admit(RateLimits.Client client, Request request) {
        List<Reply.Refused> answers = new ArrayList<>();
        client.admit(request, answers::add);
        return answers;
    }

    private static int admitted(RateLimits.Client client, int requests) {
        int admitted = 0;
        for (int i = 0; i < requests; i++) {
            List<Reply.Refused> answers = admit(client, get(1));
            admitted += !answers.isEmpty() && answers.get(0) == null ? 1 : 0;
        }
        return admitted;
    }

    @Test
    void aClientMaySendSoManyRequestsASecond() {
        RateLimits limits = limits(new Rate(10, 0), NONE, NONE);
        RateLimits.Client ada = limits.connected(ADA);
        assertThat(admitted(ada, 20)).isEqualTo(10);
        assertThat(admitted(limits.connected(ADA), 5))
                .as("over another connection")
                .isZero();
        assertThat(admitted(limits.connected(BOB), 5)).isEqualTo(5);
        world.pass(Duration.ofMillis(300));
        assertThat(admitted(ada, 20)).isEqualTo(3);
        assertThat(limits.counts().get("ada").admitted()).isEqualTo(13);
        assertThat(limits.counts().get("ada").refused(Limit.CLIENT)).isEqualTo(32);
        assertThat(limits.counts().get("bob").refused(Limit.CLIENT)).isZero();
    }

    @Test
    void aRefusalSaysAfterWhichTimeTheRequestMayComeAgain() {
        RateLimits.Client ada = limits(new Rate(10, 0), NONE, NONE).connected(ADA);
        admitted(ada, 10);
        Reply.Refused refused = admit(ada, get(1)).get(0);
        assertThat(refused.status()).isEqualTo(Status.BUSY);
        assertThat(refused.message()).contains("limits.client-requests");
        assertThat(refused.retryAfterMillis()).isBetween(100L, 101L);
        world.pass(Duration.ofMillis(refused.retryAfterMillis()));
        assertThat(admit(ada, get(1))).containsExactly((Reply.Refused) null);
    }

    @Test
    void aRequestThatIsLittleTooEarlyWaits() {
        RateLimits.Client ada = limits(new Rate(100, 0), NONE, NONE).connected(ADA);
        admitted(ada, 100);
        List<Reply.Refused> answers = admit(ada, get(1));
        assertThat(answers).isEmpty();
        world.pass(Duration.ofMillis(10));
        assertThat(answers).containsExactly((Reply.Refused) null);
    }

    @Test
    void ofManyThatWaitTheLastAreRefused() {
        RateLimits.Client ada = limits(new Rate(100, 0), NONE, NONE).connected(ADA);
        admitted(ada, 100);
        List<List<Reply.Refused>> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.add(admit(ada, get(1)));
        }
        world.pass(Duration.ofMillis(60));
        assertThat(all).allSatisfy(one -> assertThat(one).hasSize(1));
        assertThat(all.stream().filter(one -> one.get(0) == null)).hasSize(5);
    }

    @Test
    void bytesOfRequestsAndAnswersCount() {
        RateLimits.Client ada = limits(new Rate(0, 1_000), NONE, NONE).connected(ADA);
        assertThat(admit(ada, put(600))).containsExactly((Reply.Refused) null);
        assertThat(admit(ada, put(600)).get(0).message()).contains("limits.client-bytes");
        assertThat(admit(ada, get(1))).containsExactly((Reply.Refused) null);
        ada.answered(get(1), new Reply.Entries(1, 1, 1, List.of(new EntryRead(Bytes.of(new byte[900]), 1, 1))));
        assertThat(admit(ada, get(1)).get(0).retryAfterMillis()).isBetween(500L, 520L);
    }

    @Test
    void aRequestThatIsLargerThanTheRatePassesWhenTheBucketIsFull() {
        RateLimits.Client ada = limits(new Rate(0, 1_000), NONE, NONE).connected(ADA);
        assertThat(admit(ada, put(5_000))).containsExactly((Reply.Refused) null);
        assertThat(admit(ada, put(5_000)).get(0)).isNotNull();
    }

    @Test
    void aCacheHasARateOfItsOwn() {
        RateLimits limits = limits(NONE, new Rate(5, 0), NONE);
        RateLimits.Client ada = limits.connected(ADA);
        assertThat(admitted(ada, 20)).isEqualTo(5);
        assertThat(admit(ada, get(2))).containsExactly((Reply.Refused) null);
        assertThat(limits.counts().get("ada").refused(Limit.CACHE)).isEqualTo(15);
    }

    @Test
    void whatTheNodeRefusesCostsTheClientAndTheCacheNothing() {
        RateLimits limits = limits(new Rate(10, 0), new Rate(10, 0), new Rate(4, 0));
        RateLimits.Client ada = limits.connected(ADA);
        assertThat(admitted(ada, 30)).isEqualTo(4);
        assertThat(limits.counts().get("ada").refused(Limit.NODE)).isEqualTo(26);
        world.pass(Duration.ofMillis(999));
        assertThat(admitted(ada, 30)).isEqualTo(3);
    }

    @Test
    void clientsWithoutUsersAreToldApartByTheirAddresses() {
        RateLimits limits = limits(new Rate(10, 0), NONE, NONE);
        assertThat(admitted(limits.connected(new Identity.Unproven("/10.0.0.1:1")), 8))
                .isEqualTo(8);
        assertThat(admitted(limits.connected(new Identity.Unproven("/10.0.0.1:2")), 8))
                .isEqualTo(2);
        assertThat(admitted(limits.connected(new Identity.Unproven("/10.0.0.2:1")), 8))
                .isEqualTo(8);
        assertThat(limits.counts()).containsOnlyKeys(RateLimits.NO_USER);
    }

    @Test
    void anotherConnectionIsNoNewBucket() {
        RateLimits limits = limits(new Rate(10, 0), NONE, NONE);
        RateLimits.Client first = limits.connected(ADA);
        assertThat(admitted(first, 10)).isEqualTo(10);
        first.closed();
        RateLimits.Client second = limits.connected(ADA);
        assertThat(admitted(second, 10)).isZero();
        second.closed();
        world.pass(Duration.ofSeconds(3));
        assertThat(admitted(limits.connected(ADA), 20)).isEqualTo(10);
    }

    @Test
    void releasesOfLeasesNodesAndThisJvmAreNotCounted() {
        RateLimits limits = limits(new Rate(1, 0), NONE, NONE);
        RateLimits.Client ada = limits.connected(ADA);
        admitted(ada, 2);
        assertThat(admit(ada, new Request.Release(1, 0, KEY, LeaseId.NONE, Condition.ANY)))
                .containsExactly((Reply.Refused) null);
        assertThat(admit(ada, new Request.ListCaches())).containsExactly((Reply.Refused) null);
        assertThat(limits.connected(new Identity.OfNode(new NodeId("b")))).isNull();
        assertThat(limits.connected(new Identity.InThisJvm())).isNull();
        assertThat(limits(NONE, NONE, NONE).connected(ADA)).isNull();
    }
}
