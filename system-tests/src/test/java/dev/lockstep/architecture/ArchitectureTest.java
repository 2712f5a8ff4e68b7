package dev.lockstep.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.wire.CacheSettings;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;

/** The architecture's rules: directions between packages, and which package may use which library. */
@AnalyzeClasses(
        packages = "dev.lockstep",
        importOptions = {
            ImportOption.DoNotIncludeTests.class,
            ArchitectureTest.NoFixtures.class,
            ArchitectureTest.NothingRelocated.class
        })
class ArchitectureTest {

    /** Excludes the test fixtures that modules share, which are not part of the product: test-jars, and test-support. */
    static final class NoFixtures implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar")
                    && !location.contains("/lockstep-test-support-")
                    && !location.contains("/test-support/target/classes/");
        }
    }

    /** Netty, which is in a jar of ours, is not ours to judge. */
    static final class NothingRelocated implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("dev/lockstep/shaded/");
        }
    }

    @ArchTest
    static final ArchRule PROTOCOL_KNOWS_NEITHER_SIDE = noClasses()
            .that()
            .resideInAPackage("dev.lockstep.protocol..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.lockstep.jcache..", "dev.lockstep.cluster..", "javax.cache..", "org.apache.ratis..")
            .because("a client must not drag in Raft, nor a server JSR-107");

    @ArchTest
    static final ArchRule THE_PROVIDER_KNOWS_NO_NODE = noClasses()
            .that()
            .resideInAPackage("dev.lockstep.jcache..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.lockstep.cluster..", "org.apache.ratis..")
            .because("provider and node meet only in protocol");

    /** Values that settings files, the wire and operators' commands share. A copy in the API would have to be kept equal to them. */
    private static final DescribedPredicate<JavaClass> SHARED_VALUES =
            belongToAnyOf(CacheSettings.class, ReplicaStatus.class);

    @ArchTest
    static final ArchRule THE_API_DEPENDS_ON_NO_IMPLEMENTATION = noClasses()
            .that()
            .resideInAPackage("dev.lockstep.jcache")
            .should()
            .dependOnClassesThat(resideInAPackage("dev.lockstep..")
                    .and(not(resideInAPackage("dev.lockstep.jcache")))
                    .and(not(SHARED_VALUES)))
            .because("what applications compile against then changes only on purpose");

    @ArchTest
    static final ArchRule THE_NODE_KNOWS_NO_JCACHE = noClasses()
            .that()
            .resideInAnyPackage("dev.lockstep.cluster..", "dev.lockstep.cli..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.lockstep.jcache..", "javax.cache..")
            .because("servers hold bytes, and need no class of an application");

    @ArchTest
    static final ArchRule THE_HIBERNATE_INTEGRATION_KNOWS_NO_NODE = noClasses()
            .that()
            .resideInAPackage("dev.lockstep.hibernate..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.lockstep.cluster..", "org.apache.ratis..")
            .because("an application that caches its entities need not run a node");

    @ArchTest
    static final ArchRule ONLY_THE_HIBERNATE_INTEGRATION_USES_HIBERNATE = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.hibernate..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.hibernate..", "jakarta.persistence..")
            .because("no other module should need it on the class path");

    @ArchTest
    static final ArchRule ONLY_PROTOCOL_NETTY_USES_NETTY = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.protocol.netty")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("..io.netty..")
            .because("the transport can then be replaced, and simulated");

    @ArchTest
    static final ArchRule ONLY_PROTOCOL_SCRAM_PREPARES_PASSWORDS = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.protocol.scram")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.ongres..")
            .because("a name that is prepared in two places would some day be two names");

    @ArchTest
    static final ArchRule ONLY_CONSENSUS_RATIS_USES_RATIS = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.cluster.consensus.ratis..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.apache.ratis..")
            .because("everything else knows a replicated log, whatever it is made of");

    @ArchTest
    static final ArchRule ONLY_STORE_ROCKS_USES_ROCKSDB = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.cluster.store.rocks")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.rocksdb..")
            .because(
                    "it is native code: a node that keeps entries on the heap must not load it, and a closed handle must not be used");

    @ArchTest
    static final ArchRule ONLY_RATES_USE_BUCKET4J = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.cluster.rates")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.github.bucket4j..")
            .because("everything else knows requests that are admitted or refused");

    @ArchTest
    static final ArchRule ONLY_METERS_USE_MICROMETER = noClasses()
            .that()
            .resideOutsideOfPackages("dev.lockstep.cluster.meters", "dev.lockstep.spring..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.micrometer..")
            .because(
                    "an application that embeds a node without an admin port need not have it, and a node that nobody measures runs none of it");

    @ArchTest
    static final ArchRule ONLY_THE_ADMIN_PORT_SPEAKS_HTTP = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.cluster.admin")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.sun.net.httpserver..")
            .because("the pages then do not depend on what serves them");

    @ArchTest
    static final ArchRule ONLY_CHECKPOINT_USES_LZ4 = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.cluster.checkpoint")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("net.jpountz..")
            .because("only checkpoints are compressed");

    @ArchTest
    static final ArchRule ONLY_SETTINGS_READ_YAML = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.protocol.settings")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.snakeyaml..")
            .because("configuration is read once, for clients and nodes");

    @ArchTest
    static final ArchRule ONLY_THE_COMMAND_LINE_USES_PICOCLI = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.cli")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("picocli..")
            .because("an application that embeds a node has a command line of its own");

    @ArchTest
    static final ArchRule ONLY_THE_COMMAND_LINE_USES_LOGBACK = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.cli")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("ch.qos.logback..")
            .because("an application that embeds a node logs by a library of its own");

    @ArchTest
    static final ArchRule ONLY_THE_SPRING_INTEGRATION_USES_SPRING = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.spring..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.springframework..")
            .because(
                    "applications without Spring must not get it; the rules within are SpringRulesTest's, in spring-integration");

    @ArchTest
    static final ArchRule ONLY_PROTOCOL_RUNTIME_READS_CLOCKS_AND_CREATES_EXECUTORS = noClasses()
            .that()
            .resideInAnyPackage(
                    "dev.lockstep.protocol..",
                    "dev.lockstep.cluster..",
                    "dev.lockstep.cli..",
                    "dev.lockstep.jcache..",
                    "dev.lockstep.hibernate..")
            .and()
            .resideOutsideOfPackage("dev.lockstep.protocol.runtime")
            .should()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(Random.class)
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(ThreadLocalRandom.class)
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(Executors.class)
            .because("everything of ours can then be simulated from a seed");

    @ArchTest
    static final ArchRule THE_MACHINE_IS_PURE = noClasses()
            .that()
            .resideInAnyPackage("dev.lockstep.cluster.machine", "dev.lockstep.protocol.topology")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.io..", "java.nio.file..", "java.net..", "dev.lockstep.protocol.runtime")
            .because("replicas must not differ: apply sees no clock, no file and no network");

    @ArchTest
    static final ArchRule PLACEMENT_KNOWS_ONLY_THE_TOPOLOGY = classes()
            .that()
            .resideInAPackage("dev.lockstep.cluster.placement")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "dev.lockstep.cluster.placement",
                    "dev.lockstep.protocol.topology",
                    "java.lang..",
                    "java.util..",
                    "org.jspecify..")
            .because("a plan follows from its arguments, on whichever node it is made");

    @ArchTest
    static final ArchRule THE_REJOIN_PROTOCOL_KNOWS_NO_RATIS = noClasses()
            .that()
            .resideInAPackage("dev.lockstep.cluster.consensus.recovery")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.apache.ratis..")
            .because("a protocol that knows no library can be simulated");

    @ArchTest
    static final ArchRule NO_PACKAGE_CYCLES = slices().matching("dev.lockstep.(**)")
            .should()
            .beFreeOfCycles()
            .because("a package can be understood alone only if its dependencies end");
}
