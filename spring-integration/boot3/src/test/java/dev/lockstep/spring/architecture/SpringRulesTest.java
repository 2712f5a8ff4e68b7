package dev.lockstep.spring.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Random;
import java.util.concurrent.Executors;

/** The rules of architecture for Spring. They are here because this module sees all others for Spring. */
@AnalyzeClasses(
        packages = "dev.lockstep.spring",
        importOptions = {ImportOption.DoNotIncludeTests.class, SpringRulesTest.NoFixtures.class})
class SpringRulesTest {

    static final class NoFixtures implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
        }
    }

    @ArchTest
    static final ArchRule SPRING_KNOWS_NO_BOOT = noClasses()
            .that()
            .resideInAPackage("dev.lockstep.spring")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.springframework.boot..", "dev.lockstep.spring.*..")
            .because("Spring is used without Boot, too");

    @ArchTest
    static final ArchRule WHAT_IS_COMMON_KNOWS_NO_LINE_OF_BOOT = noClasses()
            .that()
            .resideInAPackage("dev.lockstep.spring.boot")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.lockstep.spring.boot3..",
                    "dev.lockstep.spring.boot4..",
                    "org.springframework.boot.actuate.autoconfigure.health..",
                    "org.springframework.boot.actuate.autoconfigure.metrics..",
                    "org.springframework.boot.actuate.health..",
                    "org.springframework.boot.actuate.metrics..",
                    "org.springframework.boot.autoconfigure.cache..",
                    "org.springframework.boot.cache..",
                    "org.springframework.boot.health..")
            .because("it runs on both, and these packages are not in both");

    @ArchTest
    static final ArchRule THE_NODE_IS_NOT_SEEN = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.lockstep.cluster..", "org.apache.ratis..", "..io.netty..", "org.snakeyaml..")
            .because("a client has no node on its class path");

    @ArchTest
    static final ArchRule CLOCKS_AND_THREADS_HAVE_ONE_DOOR = noClasses()
            .should()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(Random.class)
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(Executors.class)
            .because("protocol.runtime is the door");
}
