package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.settings.SettingsReader;
import dev.lockstep.protocol.topology.NodeId;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoopbackClusterTest {

    private final LoopbackCluster cluster = LoopbackCluster.of("shop", List.of(7401, 7402, 7403));

    @Test
    void aNodeReadsWhatWasWrittenForIt(@TempDir Path home) throws Exception {
        Path file = Files.writeString(home.resolve("n2.yaml"), cluster.configuration(new NodeId("n2"), "n2", true));

        Settings settings = SettingsReader.fromFile(file);

        assertThat(settings.cluster()).isEqualTo("shop");
        assertThat(settings.members()).isEqualTo(cluster.members());
        assertThat(settings.node()).hasValueSatisfying(node -> {
            assertThat(node.id()).isEqualTo(new NodeId("n2"));
            assertThat(node.data()).isEqualTo(home.resolve("n2"));
            assertThat(node.admin())
                    .hasValueSatisfying(admin -> assertThat(admin).hasToString("127.0.0.1:0"));
        });
    }

    @Test
    void aClientReadsTheUriAndTheServers() {
        assertThat(cluster.servers()).isEqualTo("127.0.0.1:7401,127.0.0.1:7402,127.0.0.1:7403");
        Settings client =
                SettingsReader.fromUri(URI.create(cluster.uri()), getClass().getClassLoader());

        assertThat(client.cluster()).isEqualTo("shop");
        assertThat(client.client().servers()).isEqualTo(cluster.addresses());
    }
}
