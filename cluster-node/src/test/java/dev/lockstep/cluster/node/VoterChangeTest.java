package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.topology.NodeId;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class VoterChangeTest {

    private static Set<NodeId> nodes(String... names) {
        return Stream.of(names).map(NodeId::new).collect(Collectors.toSet());
    }

    private static VoterChange next(Set<NodeId> voters, Set<NodeId> wanted, String leader) {
        return VoterChange.next(voters, wanted, new NodeId(leader));
    }

    @Test
    void oneOfThreeIsReplacedInOneChange() {
        assertThat(next(nodes("a", "b", "c"), nodes("a", "b", "d"), "a"))
                .isEqualTo(new VoterChange(new NodeId("d"), nodes("a", "b", "d")));
    }

    @Test
    void oneOfTwoIsReplacedAfterTheOtherHasCaughtUp() {
        assertThat(next(nodes("a", "b"), nodes("a", "d"), "a"))
                .isEqualTo(new VoterChange(new NodeId("d"), nodes("a", "b", "d")));
        assertThat(next(nodes("a", "b", "d"), nodes("a", "d"), "a")).isEqualTo(new VoterChange(null, nodes("a", "d")));
    }

    @Test
    void aGroupGrowsByOneAtATime() {
        assertThat(next(nodes("a"), nodes("a", "b", "c"), "a"))
                .isEqualTo(new VoterChange(new NodeId("b"), nodes("a", "b")));
    }

    @Test
    void aLeaderThatIsToGoTransfersOnceAllOthersCanTakeOver() {
        Set<NodeId> wanted = nodes("b", "c", "d");
        assertThat(next(nodes("a", "b", "c"), wanted, "a"))
                .isEqualTo(new VoterChange(new NodeId("d"), nodes("a", "b", "c", "d")));
        assertThat(VoterChange.mustTransfer(nodes("a", "b", "c"), wanted, new NodeId("a")))
                .isFalse();
        assertThat(next(nodes("a", "b", "c", "d"), wanted, "a")).isNull();
        assertThat(VoterChange.mustTransfer(nodes("a", "b", "c", "d"), wanted, new NodeId("a")))
                .isTrue();
        assertThat(next(nodes("a"), nodes("d"), "a")).isEqualTo(new VoterChange(new NodeId("d"), nodes("a", "d")));
    }

    @Provide
    Arbitrary<Set<String>> some() {
        return Arbitraries.of("a", "b", "c", "d", "e", "f").set().ofMinSize(1).ofMaxSize(5);
    }

    /** Goes on until nothing is left to do, leadership going to any other voter that is wanted when it has to. */
    @Property
    void theVotersBecomeThoseThatAreWanted(@ForAll("some") Set<String> from, @ForAll("some") Set<String> to) {
        Set<NodeId> voters = nodes(from.toArray(String[]::new));
        Set<NodeId> wanted = nodes(to.toArray(String[]::new));
        NodeId leader = new TreeSet<>(voters).first();
        int steps = 0;
        while (!voters.equals(wanted)) {
            assertThat(++steps).isLessThan(20);
            if (VoterChange.mustTransfer(voters, wanted, leader)) {
                leader = voters.stream()
                        .filter(wanted::contains)
                        .sorted()
                        .findFirst()
                        .orElseThrow();
                continue;
            }
            VoterChange change = VoterChange.next(voters, wanted, leader);
            assertThat(change).isNotNull();
            assertThat(change.to()).contains(leader);
            Set<NodeId> added = new HashSet<>(change.to());
            added.removeAll(voters);
            assertThat(added).isEqualTo(change.joining() == null ? Set.of() : Set.of(change.joining()));
            // What Ratis allows: fewer new voters than there were, but for the second of a group.
            assertThat(added.size() < voters.size() || voters.size() == 1).isTrue();
            Set<NodeId> removed = new HashSet<>(voters);
            removed.removeAll(change.to());
            assertThat(removed).hasSizeLessThanOrEqualTo(1);
            assertThat(change.to()).hasSizeGreaterThanOrEqualTo(Math.min(voters.size(), wanted.size()));
            voters = change.to();
        }
        assertThat(VoterChange.next(voters, wanted, List.copyOf(voters).get(0))).isNull();
    }
}
