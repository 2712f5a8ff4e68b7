package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Layout.Standing;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayoutFileTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");

    @TempDir
    Path data;

    @Test
    void theLastLayoutIsReadAgain() throws Exception {
        Layout layout = Layout.settled(
                        7,
                        List.of(
                                new Layout.Node(new Member(A, "host", 1), "rack 1", Standing.STAYING),
                                new Layout.Node(new Member(B, "host", 2), "", Standing.GONE)),
                        new ShardMap(4, List.of(List.of(A))))
                .with(A, Standing.LEAVING)
                .moving(Map.of(0, List.of(B)));
        LayoutFile.write(data, layout);
        assertThat(LayoutFile.read(data, A, ClusterVersion.Range.OWN)).isEqualTo(layout);
    }

    @Test
    void aFolderOfAVersionThatTheNodeCantDoIsRefusedBeforeItIsRead() throws Exception {
        ClusterVersion two = new ClusterVersion(2);
        LayoutFile.write(data, Layout.settled(7, two, List.of(), new ShardMap(4, List.of(List.of(A)))));
        ClusterVersion.Range older = new ClusterVersion.Range(new ClusterVersion(1), new ClusterVersion(1));
        ClusterVersion.Range newer = new ClusterVersion.Range(new ClusterVersion(3), new ClusterVersion(4));
        assertThatThrownBy(() -> LayoutFile.read(data, A, older))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("The cluster has version 2, and node a can do version 1: start it with");
        assertThatThrownBy(() -> LayoutFile.read(data, A, newer))
                .hasMessageContaining("has version 2, and node a can do versions 3 to 4")
                .hasMessageContaining("lockstep cluster finalize");
        Files.writeString(data.resolve("layout"), "cluster-version 3\nwhatever a later version writes\n");
        assertThatThrownBy(() -> LayoutFile.read(data, A, older)).hasMessageContaining("The cluster has version 3");
    }

    @Test
    void aMissingOrDamagedFileHasNone() throws Exception {
        assertThat(LayoutFile.read(data, A, ClusterVersion.Range.OWN)).isNull();
        Files.writeString(data.resolve("layout"), "%%%\n");
        assertThat(LayoutFile.read(data, A, ClusterVersion.Range.OWN)).isNull();
        Files.writeString(data.resolve("layout"), "cluster-version 1\nAAAA\n");
        assertThat(LayoutFile.read(data, A, ClusterVersion.Range.OWN)).isNull();
    }
}
