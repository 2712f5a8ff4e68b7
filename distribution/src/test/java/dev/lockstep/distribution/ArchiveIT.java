package dev.lockstep.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.IOException;
import java.io.Writer;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive, unpacked into an empty folder and used as an operator would. */
class ArchiveIT {

    @TempDir
    Path home;

    private final List<Process> started = new ArrayList<>();
    private Installation installation;

    @BeforeEach
    void unpack() throws Exception {
        installation = Installation.unpack(Files.createDirectory(home.resolve("opt")));
    }

    @AfterEach
    void endProcesses() throws Exception {
        started.forEach(process -> process.descendants().forEach(ProcessHandle::destroyForcibly));
        started.forEach(Process::destroyForcibly);
        for (Process process : started) {
            process.waitFor();
        }
    }

    private Process start(String name, String... arguments) throws IOException {
        Process process = installation.start(home.resolve(name + ".log"), arguments);
        started.add(process);
        return process;
    }

    private String printed(String name) throws IOException {
        return Files.readString(home.resolve(name + ".log"));
    }

    /** @return what it has printed, after it has exited with 0 */
    private String run(String name, String... arguments) throws Exception {
        int exit = Installation.finish(start(name, arguments));
        assertThat(exit).as(printed(name)).isZero();
        return printed(name);
    }

    @Test
    void theLibrariesAreThoseOfANodeAndHaveNoTestsAmongThem() throws Exception {
        assertThat(installation.names("lib"))
                .anyMatch(name -> name.startsWith("lockstep-cli-"))
                .anyMatch(name -> name.startsWith("lockstep-node-"))
                .noneMatch(name -> name.matches(".*(tests|sources|junit|assertj|jqwik|lockstep-jcache|cache-api).*"));
    }

    @Test
    void theProgramPrintsItsVersionAndACompletionForTheShell() throws Exception {
        assertThat(run("version", "--version"))
                .containsPattern("Lockstep \\d+\\.\\d+\\.\\d+")
                .doesNotContain("not from a jar");
        assertThat(run("completion", "generate-completion")).contains("complete -F _complete_lockstep", "backup");
    }

    @Test
    void threeNodesOfTheArchiveServeAClient() throws Exception {
        run("help", "node", "--help");
        List<MemberPorts> members = MemberPorts.reserve(3);
        for (MemberPorts member : members) {
            Path folder = Files.createDirectory(home.resolve(member.id()));
            Path config = Files.writeString(
                    folder.resolve("lockstep.yaml"), NodeProcesses.configuration(member.id(), members, "shards: 4"));
            start("node-" + member.id(), "node", "--config", config.toString());
        }
        for (MemberPorts member : members) {
            Eventually.holds(
                    () -> "node " + member.id() + " is ready",
                    () -> printed("node-" + member.id()).contains("ready on"));
        }
        String addresses =
                members.stream().map(member -> "127.0.0.1:" + member.port()).collect(Collectors.joining(","));

        try (CacheManager manager = Caching.getCachingProvider()
                .getCacheManager(
                        URI.create("lockstep://" + addresses.replace(',', ';') + "/processes"),
                        getClass().getClassLoader())) {
            Cache<String, Integer> cache = manager.createCache(
                    "visits", new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class));
            cache.put("home", 42);
            assertThat(cache.get("home")).isEqualTo(42);
        }
        assertThat(run("status", "shard", "status", "--servers", addresses, "--cluster", "processes"))
                .contains("intact");
    }

    @Test
    void aClusterToDevelopAgainstHasTheRecordedClasses() throws Exception {
        int port = MemberPorts.freePorts(1).get(0);
        Process dev = start("dev", "dev", home.resolve("cluster").toString(), "--nodes", "1", "--port", "" + port);
        Eventually.holds(
                () -> "dev is ready", () -> printed("dev").contains("\"exit\" ends all nodes") || !dev.isAlive());
        List<ProcessHandle> nodes = dev.children().toList();
        assertThat(nodes)
                .as(printed("dev"))
                .hasSize(1)
                .allSatisfy(node -> assertThat(node.info().arguments().orElseThrow())
                        .anyMatch(
                                argument -> argument.matches("-XX:(SharedArchiveFile|AOTCache)=.*/cache/classes-.*")));

        try (Writer shell = dev.outputWriter()) {
            shell.write("status\nexit\n");
        }
        assertThat(Installation.finish(dev)).isZero();
        assertThat(printed("dev")).contains("1 of 1 nodes up");
        assertThat(nodes).noneMatch(ProcessHandle::isAlive);
    }

    @Test
    void theFirstStartRecordsTheClassesOfANodeForLaterOnes() throws Exception {
        run("help", "node", "--help");

        assertThat(installation.names("cache"))
                .hasSize(1)
                .allMatch(name -> name.endsWith(Runtime.version().feature() < 25 ? ".jsa" : ".aot"));
    }

    @Test
    void aNodeStartsFromAFolderThatCanNotBeWritten() throws Exception {
        Path cache = installation.folder().resolve("cache");
        Files.delete(cache);

        assertThat(run("help", "node", "--help")).contains("--config=<file>");
        assertThat(cache).doesNotExist();
    }

    @Test
    void aNodeStartsThoughTheRecordedClassesAreDamaged() throws Exception {
        run("help", "node", "--help");
        List<String> recorded = installation.names("cache");
        assertThat(recorded).hasSize(1);
        Files.writeString(installation.folder().resolve("cache").resolve(recorded.get(0)), "damaged");

        assertThat(run("again", "node", "--help")).contains("--config=<file>").doesNotContain("[warning]");
    }
}
