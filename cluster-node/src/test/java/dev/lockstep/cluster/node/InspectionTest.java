package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.settings.SettingsReader;
import dev.lockstep.protocol.wire.Request.Inspect.Aspect;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectionTest {

    @TempDir
    Path folder;

    private Settings settings() throws IOException {
        Path file = folder.resolve("lockstep.yaml");
        Files.writeString(file, """
                cluster: shop
                node: {id: n1, data: data, store: rocksdb, admin: "127.0.0.1:7481"}
                members:
                  - {id: n1, address: "127.0.0.1:7401"}
                tls: {certificate: node.p12, ca: ca.pem, password: "hunter2"}
                limits: {client-requests: 500}
                caches: {"orders*": {max-entries: 10}}
                """);
        return SettingsReader.fromFile(file);
    }

    @Test
    void settingsAreToldByTheirNamesWithoutTheSecretsAmongThem() throws Exception {
        String text = Inspection.of(Aspect.SETTINGS, settings());
        assertThat(text.lines())
                .contains(
                        "cluster: shop",
                        "node.store: ROCKSDB",
                        "node.admin.port: 7481",
                        "limits.rates.client.requests: 500",
                        "replace-after: PT5M");
        assertThat(text).contains("tls.password: ", "caches.orders*: ").doesNotContain("hunter2");
    }

    @Test
    void eachThreadIsToldWithItsStack() throws Exception {
        assertThat(Inspection.of(Aspect.THREADS, settings()))
                .contains("\"" + Thread.currentThread().getName() + "\"")
                .contains("dev.lockstep.cluster.node.InspectionTest.eachThreadIsToldWithItsStack(");
    }

    @Test
    void theJvmIsToldWithoutTheValuesOfProperties() throws Exception {
        assertThat(Inspection.of(Aspect.JVM, settings()))
                .contains("java: " + Runtime.version(), "flag HeapDumpOnOutOfMemoryError=");
        assertThat(Inspection.withoutValue("-Dshop.password=hunter2")).isEqualTo("-Dshop.password=***");
        assertThat(Inspection.withoutValue("-javaagent:agent.jar=token")).isEqualTo("-javaagent:agent.jar=***");
        assertThat(Inspection.withoutValue("-XX:MaxRAMPercentage=60")).isEqualTo("-XX:MaxRAMPercentage=60");
        assertThat(Inspection.withoutValue("-ea")).isEqualTo("-ea");
    }
}
