package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Layout.Standing;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
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
        assertThat(LayoutFile.read(data)).isEqualTo(layout);
    }

    @Test
    void aMissingOrDamagedFileHasNone() throws Exception {
        assertThat(LayoutFile.read(data)).isNull();
        Files.writeString(data.resolve("layout"), "%%%\n");
        assertThat(LayoutFile.read(data)).isNull();
        Files.writeString(data.resolve("layout"), "AAAA\n");
        assertThat(LayoutFile.read(data)).isNull();
    }
}
