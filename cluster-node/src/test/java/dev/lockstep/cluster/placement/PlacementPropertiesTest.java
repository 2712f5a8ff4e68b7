package dev.lockstep.cluster.placement;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.placement.PlacementPlanner.Host;
import dev.lockstep.protocol.topology.NodeId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** What a planned placement promises, for any hosts, zones and assignments. */
class PlacementPropertiesTest {

    /** What a plan is made from. */
    record Situation(List<List<NodeId>> present, List<Host> hosts, int factor) {

        List<List<NodeId>> plan() {
            return PlacementPlanner.plan(present, hosts, factor);
        }

        int copies() {
            return Math.min(factor, hosts.size());
        }

        /** The zone of a host; one without a zone is a zone of its own. */
        Object zoneOf(NodeId id) {
            String zone = hosts.stream()
                    .filter(host -> host.id().equals(id))
                    .findFirst()
                    .orElseThrow()
                    .zone();
            return zone.isEmpty() ? id : zone;
        }

        Situation from(List<List<NodeId>> other) {
            return new Situation(other, hosts, factor);
        }
    }

    /** Some nodes of the present assignment are no hosts; shards have too few replicas, too many, or one node twice. */
    @Provide
    static Arbitrary<Situation> situations() {
        return situations(9, 12, 5, "", "a", "b", "c");
    }

    /** Few enough for trying out every assignment. */
    @Provide
    static Arbitrary<Situation> tinySituations() {
        return situations(5, 3, 3, "", "a", "b");
    }

    private static Arbitrary<Situation> situations(int hosts, int shards, int highestFactor, String... zones) {
        Arbitrary<NodeId> nodes = Arbitraries.integers().between(0, hosts).map(PlacementPropertiesTest::node);
        Arbitrary<List<Host>> members = Combinators.combine(nodes, Arbitraries.of(zones))
                .as(Host::new)
                .list()
                .uniqueElements(Host::id)
                .ofMaxSize(hosts);
        Arbitrary<List<List<NodeId>>> present =
                nodes.list().ofMaxSize(highestFactor + 1).list().ofMaxSize(shards);
        return Combinators.combine(present, members, Arbitraries.integers().between(1, highestFactor))
                .as(Situation::new);
    }

    private static NodeId node(int number) {
        return new NodeId("node-" + number);
    }

    private static List<Host> hosts(int from, int to) {
        return IntStream.rangeClosed(from, to)
                .mapToObj(number -> new Host(node(number), ""))
                .toList();
    }

    private static List<List<NodeId>> formed(int shards, Collection<Host> hosts, int factor) {
        return PlacementPlanner.plan(Collections.nCopies(shards, List.of()), hosts, factor);
    }

    private static List<NodeId> leaders(List<List<NodeId>> plan) {
        return plan.stream().flatMap(nodes -> nodes.stream().limit(1)).toList();
    }

    private static List<NodeId> replicas(List<List<NodeId>> plan) {
        return plan.stream().flatMap(List::stream).toList();
    }

    private static int moves(List<List<NodeId>> present, List<List<NodeId>> wanted) {
        return IntStream.range(0, wanted.size())
                .map(shard -> {
                    Set<NodeId> moved = new HashSet<>(wanted.get(shard));
                    present.get(shard).forEach(moved::remove);
                    return moved.size();
                })
                .sum();
    }

    private static int ceil(int dividend, int divisor) {
        return (dividend + divisor - 1) / divisor;
    }

    private static void assertEven(List<NodeId> held, Collection<Host> hosts) {
        for (Host host : hosts) {
            assertThat(Collections.frequency(held, host.id()))
                    .as(host.id().name())
                    .isBetween(held.size() / hosts.size(), ceil(held.size(), hosts.size()));
        }
    }

    @Property(tries = 500)
    void eachShardHasAsManyReplicasAsWantedOnDistinctHosts(@ForAll("situations") Situation situation) {
        List<List<NodeId>> plan = situation.plan();
        assertThat(plan).hasSameSizeAs(situation.present());
        Set<NodeId> ids = Set.copyOf(situation.hosts().stream().map(Host::id).toList());
        assertThat(plan)
                .allSatisfy(nodes -> assertThat(nodes)
                        .hasSize(situation.copies())
                        .doesNotHaveDuplicates()
                        .isSubsetOf(ids));
    }

    @Property(tries = 500)
    void aZoneHasTwoReplicasMoreThanAnotherOnlyIfTheOtherHasNoFurtherHost(@ForAll("situations") Situation situation) {
        Map<Object, Long> sizes =
                situation.hosts().stream().collect(groupingBy(host -> situation.zoneOf(host.id()), counting()));
        assertThat(situation.plan()).allSatisfy(nodes -> {
            Map<Object, Long> used = nodes.stream().collect(groupingBy(situation::zoneOf, counting()));
            assertThat(used).hasSize(Math.min(sizes.size(), situation.copies()));
            long most = used.values().stream().max(Comparator.naturalOrder()).orElse(0L);
            assertThat(sizes)
                    .allSatisfy((zone, size) ->
                            assertThat(used.getOrDefault(zone, 0L)).isGreaterThanOrEqualTo(Math.min(size, most - 1)));
        });
    }

    @Property(tries = 500)
    void withoutZonesReplicasAndLeadersAreEven(@ForAll("situations") Situation situation) {
        List<Host> hosts =
                situation.hosts().stream().map(host -> new Host(host.id(), "")).toList();
        List<List<NodeId>> plan = PlacementPlanner.plan(situation.present(), hosts, situation.factor());
        assertEven(replicas(plan), hosts);
        assertEven(leaders(plan), hosts);
    }

    @Property(tries = 100)
    void inZonesOfEqualSizeReplicasAndLeadersAreEven(
            @ForAll @IntRange(min = 1, max = 4) int zones,
            @ForAll @IntRange(min = 1, max = 4) int size,
            @ForAll @IntRange(min = 1, max = 40) int shards,
            @ForAll @IntRange(min = 1, max = 5) int factor) {
        List<Host> hosts = IntStream.range(0, zones * size)
                .mapToObj(number -> new Host(node(number), "zone-" + number % zones))
                .toList();
        List<List<NodeId>> plan = formed(shards, hosts, factor);
        assertEven(replicas(plan), hosts);
        assertEven(leaders(plan), hosts);
    }

    @Example
    void from3To50HostsAllAreEven() {
        for (int count = 3; count <= 50; count++) {
            for (int shards : new int[] {16, 100, 256}) {
                List<Host> hosts = hosts(1, count);
                List<List<NodeId>> plan = formed(shards, hosts, 3);
                assertEven(replicas(plan), hosts);
                assertEven(leaders(plan), hosts);
            }
        }
    }

    @Property(tries = 500)
    void plannedAgainNothingChanges(@ForAll("situations") Situation situation) {
        List<List<NodeId>> plan = situation.plan();
        assertThat(situation.from(plan).plan()).isEqualTo(plan);
    }

    @Property(tries = 300)
    void aShardThatIsMovedAndKeptIsNotMovedBackLater(@ForAll("situations") Situation situation) {
        List<Host> hosts =
                situation.hosts().stream().map(host -> new Host(host.id(), "")).toList();
        List<List<NodeId>> moved =
                new ArrayList<>(PlacementPlanner.plan(situation.present(), hosts, situation.factor()));
        Optional<NodeId> other = hosts.stream()
                .map(Host::id)
                .filter(host -> !moved.isEmpty() && !moved.get(0).contains(host))
                .findFirst();
        Assume.that(other.isPresent());
        List<NodeId> target = new ArrayList<>(moved.get(0));
        target.set(0, other.orElseThrow());
        moved.set(0, target);
        List<List<NodeId>> kept = PlacementPlanner.planKeeping(0, moved, hosts, situation.factor());
        assertThat(kept.get(0)).containsExactlyInAnyOrderElementsOf(target);
        List<List<NodeId>> later = PlacementPlanner.plan(kept, hosts, situation.factor());
        assertThat(later.stream().map(Set::copyOf).toList())
                .isEqualTo(kept.stream().map(Set::copyOf).toList());
    }

    @Property(tries = 300)
    void theOrderOfTheHostsDoesNotMatter(@ForAll("situations") Situation situation, @ForAll Random random) {
        List<Host> shuffled = new ArrayList<>(situation.hosts());
        Collections.shuffle(shuffled, random);
        assertThat(PlacementPlanner.plan(situation.present(), shuffled, situation.factor()))
                .isEqualTo(situation.plan());
    }

    @Property(tries = 200)
    void replicasThatStayKeepTheirOrder(@ForAll("situations") Situation situation) {
        List<List<NodeId>> plan = situation.plan();
        for (int shard = 0; shard < plan.size(); shard++) {
            List<NodeId> after = plan.get(shard).stream().skip(1).toList();
            List<NodeId> stayed = situation.present().get(shard).stream()
                    .distinct()
                    .filter(after::contains)
                    .toList();
            assertThat(after.subList(0, stayed.size())).isEqualTo(stayed);
        }
    }

    @Property(tries = 200)
    void whatDiffersByOneStays(
            @ForAll @IntRange(min = 1, max = 9) int count,
            @ForAll @IntRange(min = 1, max = 40) int shards,
            @ForAll @IntRange(min = 1, max = 5) int factor,
            @ForAll Random random) {
        List<Host> hosts = hosts(1, count);
        List<List<NodeId>> roundRobin = new ArrayList<>();
        int copies = Math.min(factor, count);
        for (int shard = 0; shard < shards; shard++) {
            roundRobin.add(IntStream.range(shard * copies, (shard + 1) * copies)
                    .mapToObj(number -> node(1 + number % count))
                    .toList());
        }
        Collections.shuffle(roundRobin, random);
        assertThat(moves(roundRobin, PlacementPlanner.plan(roundRobin, hosts, factor)))
                .isZero();
    }

    @Property(tries = 200)
    void evenLeadersStay(
            @ForAll @IntRange(min = 1, max = 9) int count,
            @ForAll @IntRange(min = 1, max = 4) int rounds,
            @ForAll @IntRange(min = 1, max = 5) int factor) {
        List<List<NodeId>> present = IntStream.range(0, count * rounds)
                .mapToObj(shard -> IntStream.range(shard, shard + Math.min(factor, count))
                        .mapToObj(number -> node(1 + number % count))
                        .toList())
                .toList();
        assertThat(PlacementPlanner.plan(present, hosts(1, count), factor)).isEqualTo(present);
    }

    @Property(tries = 100)
    void whoJoinsTakesItsShareAndWhoLeavesMovesWhatItHad(
            @ForAll @IntRange(min = 1, max = 20) int count,
            @ForAll @IntRange(min = 1, max = 64) int shards,
            @ForAll @IntRange(min = 1, max = 5) int factor,
            @ForAll @Size(max = 8) List<@IntRange(max = 40) Integer> changes) {
        List<Host> hosts = new ArrayList<>(hosts(1, count));
        List<List<NodeId>> present = formed(shards, hosts, factor);
        for (int number : changes) {
            Host changed = new Host(node(number), "");
            if (!hosts.remove(changed)) {
                hosts.add(changed);
            } else if (hosts.isEmpty()) {
                return;
            }
            List<List<NodeId>> wanted = PlacementPlanner.plan(present, hosts, factor);
            int moves = moves(present, wanted);
            if (hosts.contains(changed)) {
                assertThat(moves).isLessThanOrEqualTo(ceil(shards * Math.min(factor, hosts.size()), hosts.size()));
            } else if (moves > Collections.frequency(replicas(present), changed.id())) {
                assertThat(canBeEvenWhenAllOthersStay(present, hosts)).isFalse();
            }
            present = wanted;
        }
    }

    @Example
    void whoLeavesMovesMoreThanItHadOnlyIfTheOthersWereUnevenElse() {
        NodeId a = node(1);
        NodeId b = node(2);
        NodeId c = node(3);
        NodeId leaving = node(4);
        List<List<NodeId>> present = new ArrayList<>(Collections.nCopies(4, List.of(a, leaving)));
        present.addAll(Collections.nCopies(4, List.of(b, c)));
        List<Host> hosts = hosts(1, 3);
        assertThat(canBeEvenWhenAllOthersStay(present, hosts)).isFalse();
        assertThat(moves(present, PlacementPlanner.plan(present, hosts, 2))).isEqualTo(5);
        present.set(7, List.of(a, c));
        assertThat(canBeEvenWhenAllOthersStay(present, hosts)).isTrue();
        assertThat(moves(present, PlacementPlanner.plan(present, hosts, 2))).isEqualTo(4);
    }

    /** Tries all hosts for each replica that is missing. */
    private static boolean canBeEvenWhenAllOthersStay(List<List<NodeId>> present, List<Host> hosts) {
        List<NodeId> ids = hosts.stream().map(Host::id).toList();
        int total = replicas(present).size();
        List<NodeId> staying = replicas(present).stream().filter(ids::contains).toList();
        List<List<NodeId>> open =
                present.stream().filter(nodes -> !ids.containsAll(nodes)).toList();
        return canBeEven(open, staying, ids, total);
    }

    private static boolean canBeEven(List<List<NodeId>> open, List<NodeId> held, List<NodeId> ids, int total) {
        if (open.isEmpty()) {
            return ids.stream().allMatch(id -> Collections.frequency(held, id) >= total / ids.size());
        }
        return ids.stream()
                .filter(id -> !open.get(0).contains(id))
                .filter(id -> Collections.frequency(held, id) < ceil(total, ids.size()))
                .anyMatch(id -> canBeEven(
                        open.subList(1, open.size()),
                        Stream.concat(held.stream(), Stream.of(id)).toList(),
                        ids,
                        total));
    }

    @Property(tries = 300)
    void noAssignmentIsBetterBalancedOrReachedByFewerMovesOrFewerOfLeaders(
            @ForAll("tinySituations") Situation situation) {
        List<List<NodeId>> plan = situation.plan();
        List<List<List<NodeId>>> all = new ArrayList<>();
        forEachAssignment(situation, new ArrayList<>(), all::add);
        Comparator<List<List<NodeId>>> order = Comparator.<List<List<NodeId>>>comparingInt(
                        PlacementPropertiesTest::unevenness)
                .thenComparingInt(assignment -> moves(situation.present(), assignment))
                .thenComparingInt(assignment -> leadersThatMove(situation, assignment));
        assertThat(order.compare(plan, Collections.min(all, order))).isZero();
    }

    private static int leadersThatMove(Situation situation, List<List<NodeId>> assignment) {
        List<NodeId> ids = situation.hosts().stream().map(Host::id).toList();
        return (int) IntStream.range(0, assignment.size())
                .filter(shard -> situation.present().get(shard).stream()
                        .filter(ids::contains)
                        .limit(1)
                        .anyMatch(leader -> !assignment.get(shard).contains(leader)))
                .count();
    }

    private static int unevenness(List<List<NodeId>> assignment) {
        List<NodeId> held = replicas(assignment);
        return Set.copyOf(held).stream()
                .mapToInt(node -> Collections.frequency(held, node))
                .map(load -> load * load)
                .sum();
    }

    private static void forEachAssignment(
            Situation situation, List<List<NodeId>> begun, Consumer<List<List<NodeId>>> use) {
        if (begun.size() == situation.present().size()) {
            use.accept(List.copyOf(begun));
            return;
        }
        for (List<NodeId> nodes : choices(situation)) {
            begun.add(nodes);
            forEachAssignment(situation, begun, use);
            begun.remove(begun.size() - 1);
        }
    }

    /** The sets of hosts that a shard may have: those of the right size whose zones are used most evenly. */
    private static List<List<NodeId>> choices(Situation situation) {
        List<NodeId> ids = situation.hosts().stream().map(Host::id).toList();
        List<List<NodeId>> sets = IntStream.range(0, 1 << ids.size())
                .filter(bits -> Integer.bitCount(bits) == situation.copies())
                .mapToObj(bits -> IntStream.range(0, ids.size())
                        .filter(host -> (bits & (1 << host)) != 0)
                        .mapToObj(ids::get)
                        .toList())
                .toList();
        long least =
                sets.stream().mapToLong(set -> clustering(situation, set)).min().orElse(0);
        return sets.stream().filter(set -> clustering(situation, set) == least).toList();
    }

    private static long clustering(Situation situation, List<NodeId> nodes) {
        return nodes.stream().collect(groupingBy(situation::zoneOf, counting())).values().stream()
                .mapToLong(used -> used * used)
                .sum();
    }

    @Example
    void aHostWithoutAZoneIsAZoneOfItsOwn() {
        List<String> zones = List.of("a", "a", "b", "b", "", "");
        List<Host> hosts = IntStream.range(0, zones.size())
                .mapToObj(number -> new Host(node(number), zones.get(number)))
                .toList();
        Situation situation = new Situation(Collections.nCopies(12, List.of()), hosts, 4);
        assertThat(situation.plan()).allSatisfy(nodes -> assertThat(nodes).contains(node(4), node(5)));
    }

    @Example
    void whatMakesNoSenseIsRefused() {
        assertThatThrownBy(() -> PlacementPlanner.plan(List.of(), hosts(1, 3), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("replication factor");
        List<Host> twice = List.of(new Host(node(1), "a"), new Host(node(1), "b"));
        assertThatThrownBy(() -> PlacementPlanner.plan(List.of(), twice, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("node-1");
    }
}
