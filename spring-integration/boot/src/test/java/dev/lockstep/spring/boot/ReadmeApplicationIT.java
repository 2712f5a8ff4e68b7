package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.NodeProcesses;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** A new application made from the README's three lines, with the dependencies of the starter that runs this test. */
@Timeout(300)
@EnabledIfSystemProperty(named = "lockstep-test.starter", matches = ".+")
class ReadmeApplicationIT {

    private static final String SOURCE = """
            package shop;

            import org.springframework.boot.SpringApplication;
            import org.springframework.boot.autoconfigure.SpringBootApplication;
            import org.springframework.cache.annotation.Cacheable;

            @SpringBootApplication
            public class Shop {

                private int calls;

                %s
                public int price(String name) {
                    return ++calls;
                }

                public static void main(String[] arguments) {
                    try (var context = SpringApplication.run(Shop.class, arguments)) {
                        Shop shop = context.getBean(Shop.class);
                        System.out.println("prices " + shop.price("tea") + " " + shop.price("tea") + " " + shop.price("jam"));
                        System.out.println("by " + context.getBean(javax.cache.CacheManager.class).getURI());
                    }
                }
            }
            """;

    @TempDir
    Path home;

    private String readme;
    private List<String> three;

    @BeforeEach
    void readLines() throws Exception {
        readme = Files.readString(Path.of(System.getProperty("lockstep-test.readme")));
        Matcher block = Pattern.compile("## Spring Boot\n.*?```[a-z]*\n(.*?)```", Pattern.DOTALL)
                .matcher(readme);
        assertThat(block.find()).isTrue();
        three = block.group(1)
                .lines()
                .map(line -> line.replaceFirst("\\s{2,}.*", ""))
                .toList();
        assertThat(three).hasSize(3);
    }

    private void compile() throws Exception {
        Path source = Files.writeString(
                Files.createDirectories(home.resolve("shop")).resolve("Shop.java"), SOURCE.formatted(three.get(1)));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        int failed = compiler.run(
                null,
                null,
                null,
                "-proc:none",
                "-cp",
                NodeProcesses.currentClassPath(),
                "-d",
                home.toString(),
                source.toString());
        assertThat(failed).isZero();
    }

    private void runs(String uri, String... arguments) throws Exception {
        String classPath = home + java.io.File.pathSeparator + NodeProcesses.currentClassPath();
        try (ApplicationProcess application =
                ApplicationProcess.startWith(classPath, home.resolve("shop.log"), "shop.Shop", arguments)) {
            assertThat(application.awaitLine(line -> line.startsWith("prices ")))
                    .isEqualTo("prices 1 1 2");
            assertThat(application.awaitLine(line -> line.startsWith("by "))).isEqualTo("by " + uri);
        }
    }

    @Test
    void theFirstLineNamesTheStarter() {
        assertThat(three.get(0)).startsWith("dev.lockstep:lockstep-spring-boot-starter:");
        assertThat(readme).contains("`dev.lockstep:" + System.getProperty("lockstep-test.starter") + ":");
    }

    @Test
    void withTheSecondItCachesAndWithTheThirdItIsAClient() throws Exception {
        compile();
        runs("lockstep:default");
        try (NodeProcesses nodes =
                NodeProcesses.start(home.resolve("nodes"), 1, ApplicationProcess.classPathOfNodes())) {
            assertThat(three.get(2)).startsWith("lockstep.servers=");
            runs(
                    nodes.uri().toString(),
                    "--" + three.get(2).replaceFirst("=.*", "=" + nodes.addresses()),
                    "--lockstep.cluster=processes");
        }
    }
}
