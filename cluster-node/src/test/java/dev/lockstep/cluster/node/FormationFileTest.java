package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.settings.SettingsException;
import dev.lockstep.protocol.settings.SettingsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FormationFileTest {

    private static final String N1 = "  - {id: n1, address: \"127.0.0.1:7401\"}\n";
    private static final String N2 = "  - {id: n2, address: \"127.0.0.1:7402\"}\n";

    @TempDir
    Path home;

    /** Checks the file as a start does. */
    private void check(List<String> members, String further) throws IOException {
        Path file = home.resolve("lockstep.yaml");
        Files.writeString(file, "node: {id: n1, data: data}\nmembers:\n" + String.join("", members) + further + "\n");
        Settings settings = SettingsReader.fromFile(file);
        if (!FormationFile.check(settings, settings.node().orElseThrow())) {
            FormationFile.record(settings, settings.node().orElseThrow());
        }
    }

    @Test
    void theSameSettingsAreTakenAgainAlsoWithOtherMembers() throws Exception {
        check(List.of(N1, N2), "replication-factor: 2");
        assertThat(home.resolve("data/formation")).content().contains("replication-factor: 2");
        assertThatCode(() -> check(List.of(N1), "replication-factor: 2")).doesNotThrowAnyException();
    }

    @Test
    void anotherReplicationFactorIsRefusedNamingTheDifference() throws Exception {
        check(List.of(N1, N2), "replication-factor: 2");
        assertThatThrownBy(() -> check(List.of(N1, N2), "replication-factor: 1"))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("\"replication-factor: 2\" is now \"replication-factor: 1\"")
                .hasMessageNotContaining("cluster: ");
    }
}
