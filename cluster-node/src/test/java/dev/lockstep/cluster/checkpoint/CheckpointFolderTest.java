package dev.lockstep.cluster.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.checkpoint.CheckpointFolder.Restored;
import dev.lockstep.cluster.checkpoint.Checkpointed.Restoration;
import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.protocol.runtime.DutyCycle;
import dev.lockstep.protocol.wire.UnknownFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFolderTest {

    private static final int GROUP = 4;

    @TempDir
    private Path home;

    private CheckpointFolder folder;

    @BeforeEach
    void open() throws IOException {
        folder = new CheckpointFolder(home, GROUP);
    }

    private static CheckpointId id(long position) {
        return new CheckpointId(GROUP, 2, position);
    }

    private static RecordingMachine machine(int entries) {
        RecordingMachine machine = new RecordingMachine();
        for (int i = 1; i <= entries; i++) {
            machine.apply(i, ("entry " + i).getBytes(StandardCharsets.UTF_8));
        }
        return machine;
    }

    private void write(int entries) throws IOException {
        folder.write(id(entries), machine(entries).image()::forEach, DutyCycle.full());
    }

    /** Returns the entries that a node finds which is started now. */
    private List<String> restored() throws IOException {
        RecordingMachine machine = new RecordingMachine();
        Restored restored = new CheckpointFolder(home, GROUP).restore(machine::restoration);
        if (restored == null) {
            return List.of();
        }
        restored.restoration().done(restored.id().position());
        return machine.texts();
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(home)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void recordsOfAnotherVersionAreNotTakenForDamage() throws IOException {
        write(3);
        assertThatThrownBy(() -> folder.restore(() -> new Restoration() {
                    @Override
                    public void record(byte[] record) {
                        UnknownFormatException.require("The record", 2, 1);
                    }

                    @Override
                    public void done(long position) {
                        throw new AssertionError("It has read nothing");
                    }
                }))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(CorruptCheckpointException.class)
                .hasMessageContaining("has format 2");
        assertThat(restored()).hasSize(3);
    }

    @Test
    void theNewestIsRestoredAndTheOnlyOneKept() throws IOException {
        assertThat(restored()).isEmpty();
        write(3);
        write(5);
        assertThat(files()).containsExactly("checkpoint-2-5");
        assertThat(restored()).isEqualTo(machine(5).texts());
    }

    @Test
    void anOlderOneThatIsDoneLaterTakesNothingAway() throws IOException {
        write(5);
        write(3);
        assertThat(restored()).isEqualTo(machine(5).texts());
    }

    @Test
    void anUnfinishedCheckpointIsDeletedAtTheNextStart() throws IOException {
        write(3);
        Files.write(home.resolve("checkpoint-2-9.draft"), new byte[10]);
        folder.receive(id(11), 0, new byte[10]);
        assertThat(restored()).isEqualTo(machine(3).texts());
        assertThat(files()).containsExactly("checkpoint-2-3");
    }

    @Test
    void theOldOneStaysUntilTheNewOneIsWhole() throws IOException {
        write(3);
        assertThatThrownBy(() -> folder.write(
                        id(9),
                        records -> {
                            records.accept(new byte[3]);
                            throw new IllegalStateException("the machine breaks down");
                        },
                        DutyCycle.full()))
                .hasMessage("the machine breaks down");
        assertThat(files()).containsExactly("checkpoint-2-3");
        assertThat(restored()).isEqualTo(machine(3).texts());
    }

    @Test
    void anyChangedByteOfTheOnlyCheckpointIsRefusedByName() throws IOException {
        write(20);
        Path file = home.resolve("checkpoint-2-20");
        byte[] whole = Files.readAllBytes(file);
        for (int at = 0; at < whole.length; at++) {
            byte[] harmed = whole.clone();
            harmed[at] ^= 0x10;
            Files.write(file, harmed);
            assertThatThrownBy(this::restored)
                    .isInstanceOf(CorruptCheckpointException.class)
                    .hasMessageContaining(file.toString());
            Files.write(file, Arrays.copyOf(whole, at));
            assertThatThrownBy(this::restored).isInstanceOf(CorruptCheckpointException.class);
        }
        Files.write(file, whole);
        assertThat(restored()).isEqualTo(machine(20).texts());
    }

    @Test
    void anIntactOlderOneIsTakenInPlaceOfACorruptOne() throws IOException {
        write(3);
        byte[] older = Files.readAllBytes(home.resolve("checkpoint-2-3"));
        write(5);
        Files.write(home.resolve("checkpoint-2-3"), older);
        Files.write(home.resolve("checkpoint-2-5"), new byte[] {1});
        assertThat(restored()).isEqualTo(machine(3).texts());
    }

    @Test
    void oneOfAnotherGroupIsRefused() throws IOException {
        write(3);
        RecordingMachine machine = new RecordingMachine();
        assertThatThrownBy(() -> new CheckpointFolder(home, GROUP + 1).restore(machine::restoration))
                .isInstanceOf(CorruptCheckpointException.class)
                .hasMessageContaining("is another");
    }
}
