package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.settings.SettingsReader;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevFolderTest {

    @TempDir
    Path home;

    private DevFolder folder;

    @BeforeEach
    void name() {
        folder = new DevFolder(home);
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(home)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private LoopbackCluster created() throws IOException {
        LoopbackCluster cluster = folder.create(3, 7401);
        folder.use(cluster.members());
        return cluster;
    }

    @Test
    void aNewClusterHasAConfigurationForEachNodeAndForTheNext() throws Exception {
        assertThat(folder.started()).isEmpty();
        LoopbackCluster cluster = created();

        assertThat(cluster.addresses()).containsExactly("127.0.0.1:7401", "127.0.0.1:7402", "127.0.0.1:7403");
        assertThat(folder.started()).contains(cluster);
        assertThat(files()).containsExactly("n1", "n1.yaml", "n2", "n2.yaml", "n3", "n3.yaml", "n4.yaml");
    }

    @Test
    void theNextNodeKnowsTheOthersAndCountsOnceItIsUsed() throws Exception {
        LoopbackCluster cluster = created();

        Member next = folder.next();
        assertThat(next).hasToString("n4@127.0.0.1:7404");
        assertThat(SettingsReader.fromFile(folder.configuration(next.id())).members())
                .isEqualTo(cluster.with(next).members());
        assertThat(folder.started()).contains(cluster);
        folder.use(List.of(next));
        assertThat(folder.started()).contains(cluster.with(next));
        assertThat(folder.next()).hasToString("n5@127.0.0.1:7405");
    }

    @Test
    void theTenthNodeComesAfterTheNinth() throws Exception {
        LoopbackCluster ten = folder.create(10, 7401);
        folder.use(ten.members());

        assertThat(folder.started()).contains(ten);
        assertThat(folder.next()).hasToString("n11@127.0.0.1:7411");
    }

    @Test
    void whatHasBeenEditedCounts() throws Exception {
        created();
        Path first = folder.configuration(new NodeId("n1"));
        Files.writeString(
                first, Files.readString(first).replace("cluster: lockstep", "cluster: shop") + "caches: {c: {}}\n");
        Path fourth = folder.configuration(new NodeId("n4"));
        Files.writeString(fourth, Files.readString(fourth).replace("7404", "7501"));

        assertThat(folder.started().orElseThrow().name()).isEqualTo("shop");
        assertThat(folder.next()).hasToString("n4@127.0.0.1:7501");
        Settings settings = SettingsReader.fromFile(first);
        assertThat(settings.caches()).containsOnlyKeys("c");
    }

    @Test
    void noPortIsLeftForTooManyNodes() {
        assertThatThrownBy(() -> folder.create(3, 65_533))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("--port");
        assertThatThrownBy(() -> folder.create(0, 7401)).hasMessageContaining("--nodes");
    }

    @Test
    void everythingIsDeleted() throws Exception {
        created();
        folder.delete();

        assertThat(home).doesNotExist();
        folder.delete();
    }
}
