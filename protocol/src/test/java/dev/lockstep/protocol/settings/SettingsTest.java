package dev.lockstep.protocol.settings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.topology.Formation;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SettingsTest {

    @Test
    void nodesOfTwoClustersDifferByTheirIds() {
        Settings settings = SettingsReader.parse("lockstep.yaml", "cluster: orders", Path.of(""));
        Formation one = settings.ofFormedCluster(1);
        assertThat(one.differences("node a", settings.ofFormedCluster(1), "node b", true))
                .isEmpty();
        assertThat(one.differences("node a", settings.ofFormedCluster(2), "node b", true))
                .startsWith("cluster-id: 0000000000000001 on node a")
                .contains("0000000000000002 on node b");
        assertThat(one.differences("node a", settings.formation(), "node b", true))
                .as("a node that is not in a cluster yet")
                .isEmpty();
    }
}
