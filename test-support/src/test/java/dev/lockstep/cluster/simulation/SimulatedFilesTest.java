package dev.lockstep.cluster.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.checkpoint.CheckpointFiles;
import dev.lockstep.cluster.checkpoint.CheckpointFilesContract;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SimulatedFilesTest extends CheckpointFilesContract {

    private final World world = new World(1, null);
    private double flipped;
    private boolean full;
    private boolean ends;

    @Override
    protected SimulatedFiles files() {
        return new SimulatedFiles(world, new SimulatedFiles.Perils(flipped, () -> full, () -> ends));
    }

    @Test
    void unsyncedWritesMayBeLost() throws IOException {
        Set<String> left = new TreeSet<>();
        for (int i = 0; i < 200; i++) {
            SimulatedFiles files = files();
            create(files, "one", "abc");
            files.syncNames();
            files.loseUnsynced();
            left.add(text(files, "one").replace('\0', '-'));
        }
        assertThat(left).containsExactlyInAnyOrder("", "a", "ab", "---", "a--", "ab-");
    }

    @Test
    void syncedWritesSurvive() throws IOException {
        for (int i = 0; i < 50; i++) {
            SimulatedFiles files = files();
            create(files, "one", "abc");
            files.sync("one");
            files.syncNames();
            files.write("one", 3, new byte[] {'d'});
            files.loseUnsynced();
            assertThat(text(files, "one")).startsWith("abc");
        }
    }

    @Test
    void namesAreLostFromTheLastOn() throws IOException {
        Set<List<String>> left = new TreeSet<>((one, other) -> one.toString().compareTo(other.toString()));
        for (int i = 0; i < 200; i++) {
            SimulatedFiles files = files();
            create(files, "old", "");
            files.syncNames();
            create(files, "draft", "");
            files.rename("draft", "new");
            files.delete("old");
            files.loseUnsynced();
            left.add(files.names());
        }
        assertThat(left)
                .containsExactlyInAnyOrder(
                        List.of("old"), List.of("draft", "old"), List.of("new", "old"), List.of("new"));
    }

    @Test
    void aBitMayTurnBeforeTheSyncButNotAfterIt() throws IOException {
        flipped = 1;
        SimulatedFiles files = files();
        create(files, "one", "abc");
        files.sync("one");
        String harmed = text(files, "one");
        assertThat(harmed).isNotEqualTo("abc");
        files.sync("one");
        assertThat(text(files, "one")).isEqualTo(harmed);
    }

    @Test
    void withoutRoomNothingIsWrittenButMuchIsDone() throws IOException {
        CheckpointFiles files = files();
        create(files, "one", "abc");
        full = true;
        assertThatThrownBy(() -> files.create("two")).hasMessageContaining("No space");
        assertThatThrownBy(() -> files.write("one", 3, new byte[1])).hasMessageContaining("No space");
        files.sync("one");
        files.rename("one", "other");
        assertThat(text(files, "other")).isEqualTo("abc");
    }

    @Test
    void aProcessKilledInAWriteDoesNothingMore() throws IOException {
        SimulatedFiles files = files();
        create(files, "one", "abc");
        ends = true;
        assertThatThrownBy(() -> files.rename("one", "other")).isInstanceOf(IOException.class);
        ends = false;
        assertThatThrownBy(() -> files.delete("one")).isInstanceOf(IOException.class);
        files.reopen();
        assertThat(files.names()).containsExactly("one");
        files.delete("one");
    }
}
