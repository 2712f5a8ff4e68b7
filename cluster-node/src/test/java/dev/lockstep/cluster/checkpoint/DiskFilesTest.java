package dev.lockstep.cluster.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class DiskFilesTest extends CheckpointFilesContract {

    @TempDir
    Path folder;

    @Override
    protected CheckpointFiles files() throws IOException {
        return new DiskFiles(folder.resolve("made"));
    }
}
