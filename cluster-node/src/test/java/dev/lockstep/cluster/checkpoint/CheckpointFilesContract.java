package dev.lockstep.cluster.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

/** The contract of the files that a {@link CheckpointFolder} is given. */
public abstract class CheckpointFilesContract {

    protected abstract CheckpointFiles files() throws Exception;

    protected static void create(CheckpointFiles files, String name, String text) throws IOException {
        try (OutputStream out = files.create(name)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    protected static String text(CheckpointFiles files, String name) throws IOException {
        try (InputStream in = files.read(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void aFileIsReadWholeAndInParts() throws Exception {
        CheckpointFiles files = files();
        create(files, "one", "0123456789");
        files.sync("one");
        files.syncNames();
        assertThat(files.names()).containsExactly("one");
        assertThat(files.size("one")).isEqualTo(10);
        assertThat(text(files, "one")).isEqualTo("0123456789");
        assertThat(files.read("one", 2, 3)).asString().isEqualTo("234");
        assertThat(files.read("one", 8, 100)).asString().isEqualTo("89");
        assertThat(files.read("one", 10, 100)).isEmpty();
        assertThat(files.read("one", 11, 100)).isEmpty();
    }

    @Test
    void aFileCreatedAgainIsEmpty() throws Exception {
        CheckpointFiles files = files();
        create(files, "one", "a longer one");
        create(files, "one", "short");
        assertThat(text(files, "one")).isEqualTo("short");
    }

    @Test
    void partsComeOneAfterAnother() throws Exception {
        CheckpointFiles files = files();
        files.write("one", 0, "abc".getBytes(StandardCharsets.UTF_8));
        files.write("one", 3, "def".getBytes(StandardCharsets.UTF_8));
        files.write("one", 2, "C".getBytes(StandardCharsets.UTF_8));
        assertThat(text(files, "one")).isEqualTo("abCdef");
    }

    @Test
    void aRenamedFileReplacesAnother() throws Exception {
        CheckpointFiles files = files();
        create(files, "one", "old");
        create(files, "draft", "new");
        files.rename("draft", "one");
        assertThat(files.names()).containsExactly("one");
        assertThat(text(files, "one")).isEqualTo("new");
        files.delete("one");
        files.delete("one");
        assertThat(files.names()).isEmpty();
    }

    @Test
    void aMissingFileIsReportedMissing() throws Exception {
        CheckpointFiles files = files();
        assertThatThrownBy(() -> files.size("none")).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> files.read("none", 0, 1)).isInstanceOf(NoSuchFileException.class);
    }
}
