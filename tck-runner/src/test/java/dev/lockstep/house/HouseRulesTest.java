package dev.lockstep.house;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;

/** The house's rules. Here because this module sees all others. */
@AnalyzeClasses(
        packages = "dev.lockstep",
        importOptions = {
            ImportOption.DoNotIncludeTests.class,
            HouseRulesTest.NoFixtures.class,
            HouseRulesTest.NothingRelocated.class
        })
class HouseRulesTest {

    /** What modules lend to each other's tests is no part of the house. */
    static final class NoFixtures implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
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

    @ArchTest
    static final ArchRule THE_NODE_KNOWS_NO_JCACHE = noClasses()
            .that()
            .resideInAPackage("dev.lockstep.cluster..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.lockstep.jcache..", "javax.cache..")
            .because("servers hold bytes, and need no class of an application");

    @ArchTest
    static final ArchRule HIBERNATES_CACHE_IS_A_CLIENT_LIKE_ANY_OTHER = noClasses()
            .that()
            .resideInAPackage("dev.lockstep.hibernate..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.lockstep.cluster..", "org.apache.ratis..")
            .because("an application that caches its entities need not run a node");

    @ArchTest
    static final ArchRule HIBERNATE_HAS_ONE_ROOM = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.hibernate..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.hibernate..", "jakarta.persistence..")
            .because("nobody else should need it on the class path");

    @ArchTest
    static final ArchRule NETTY_HAS_ONE_ROOM = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.protocol.netty")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("..io.netty..")
            .because("the transport can then be replaced, and simulated");

    @ArchTest
    static final ArchRule RATIS_HAS_ONE_ROOM = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.cluster.consensus.ratis")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.apache.ratis..")
            .because("everything else knows a replicated log, whatever it is made of");

    @ArchTest
    static final ArchRule ROCKSDB_HAS_ONE_ROOM = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.cluster.store")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.rocksdb..")
            .because(
                    "it is native code: who keeps entries on the heap must not load it, and nobody else may use what is closed");

    @ArchTest
    static final ArchRule LZ4_HAS_ONE_ROOM = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.cluster.snapshot")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("net.jpountz..")
            .because("only checkpoints are compressed");

    @ArchTest
    static final ArchRule YAML_HAS_ONE_ROOM = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.protocol.settings")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.snakeyaml..")
            .because("configuration is read once, for clients and nodes");

    @ArchTest
    static final ArchRule SPRING_HAS_ITS_OWN_MODULES = noClasses()
            .that()
            .resideOutsideOfPackage("dev.lockstep.spring..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.springframework..")
            .because(
                    "nobody gets Spring who did not ask for it; the rules inside are SpringRulesTest's, in spring-integration");

    @ArchTest
    static final ArchRule CLOCKS_HAVE_ONE_DOOR = noClasses()
            .that()
            .resideInAnyPackage(
                    "dev.lockstep.protocol..",
                    "dev.lockstep.cluster..",
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
    static final ArchRule NO_PACKAGE_CYCLES = slices().matching("dev.lockstep.(*.*)..")
            .should()
            .beFreeOfCycles()
            .because("a room can only be understood alone if its dependencies end");
}
