package dev.lockstep.classpaths;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Applications with the class paths that Boot's parents and gRPC give them, as clients of a node. */
@Timeout(300)
class ClassPathIT {

    private static final String SHOP = "dev.lockstep.classpaths.boot.Shop";
    private static final String ECHO = "dev.lockstep.classpaths.grpc.EchoService";
    private static final Pattern NETTY = Pattern.compile("netty-[a-z0-9-]+?-(\\d+\\.\\d+\\.\\d+)\\.Final\\.jar");

    @TempDir
    static Path home;

    private static NodeProcesses node;

    @BeforeAll
    static void start() throws IOException {
        node = NodeProcesses.start(home.resolve("nodes"), 1);
    }

    @AfterAll
    static void stop() {
        node.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"boot3-mvc", "boot3-webflux", "boot4-mvc", "boot4-webflux"})
    void anApplicationWithBootsParentIsAClient(String application) throws Exception {
        String said = run(
                application,
                SHOP,
                "--server.port=0",
                "--lockstep.servers=" + node.addresses(),
                "--lockstep.cluster=processes");
        assertThat(said).contains("web ok", "jcache ok");
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpc-netty41", "grpc-netty42"})
    void anApplicationWithGrpcIsAClient(String application) throws Exception {
        assertThat(run(application, ECHO, node.uri().toString())).contains("jcache ok", "grpc ok");
    }

    /** The line of Netty is the application's; Lockstep brings none. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "boot3-mvc none",
                "boot3-webflux 4.1",
                "boot4-mvc none",
                "boot4-webflux 4.2",
                "grpc-netty41 4.1",
                "grpc-netty42 4.2"
            })
    void nettyIsTheApplicationsOwn(String applicationAndLine) throws IOException {
        String[] words = applicationAndLine.split(" ");
        List<String> versions = Stream.of(classPath(words[0]).split(File.pathSeparator))
                .map(jar -> NETTY.matcher(Path.of(jar).getFileName().toString()))
                .filter(Matcher::matches)
                .map(jar -> jar.group(1))
                .distinct()
                .toList();
        if (words[1].equals("none")) {
            assertThat(versions).isEmpty();
        } else {
            assertThat(versions).singleElement().asString().startsWith(words[1] + ".");
        }
    }

    private static String classPath(String application) throws IOException {
        Path target = Path.of(application, "target");
        return target.resolve("classes")
                + File.pathSeparator
                + Files.readString(target.resolve("class-path")).strip();
    }

    /** Runs a program, which must end by itself with success, and returns its output. */
    private static String run(String application, String program, String... arguments) throws Exception {
        Path output = home.resolve(application + ".log");
        Process process = new ProcessBuilder(Stream.concat(
                                Stream.of(
                                        Path.of(System.getProperty("java.home"), "bin", "java")
                                                .toString(),
                                        "-Xmx256m",
                                        "-XX:+UseSerialGC",
                                        "-XX:TieredStopAtLevel=1",
                                        "-cp",
                                        classPath(application),
                                        program),
                                Stream.of(arguments))
                        .toList())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            boolean ended = process.waitFor(120, TimeUnit.SECONDS);
            String said = Files.readString(output);
            assertThat(ended).as("ended by itself; its output: %s", said).isTrue();
            assertThat(process.exitValue()).as(said).isZero();
            return said;
        } finally {
            process.destroyForcibly();
        }
    }
}
