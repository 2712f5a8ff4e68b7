package dev.lockstep.cluster.meters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.UnknownOutcomeException;
import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import dev.lockstep.cluster.machine.Batch;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.protocol.routing.SimulatedWorld;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Measuring changes nothing in what logs and disks do. */
class MeasuredTest {

    private final SimulatedWorld world = new SimulatedWorld();
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final NodeMeters meters = new NodeMeters(registry);
    private final List<String> called = new ArrayList<>();
    private CompletableFuture<Object> answer = new CompletableFuture<>();

    /** Records which of its methods is called. */
    private <T> T recording(Class<T> type) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    called.add(method.getName());
                    if (method.getName().equals("propose")) {
                        return answer;
                    }
                    if (method.getName().equals("open")) {
                        return recording(method.getReturnType());
                    }
                    return none(method.getReturnType());
                }));
    }

    private static Object none(Class<?> type) {
        if (type == boolean.class) {
            return false;
        }
        return type == long.class ? (Object) 0L : type == int.class ? (Object) 0 : null;
    }

    private <T> void passesEachMethodOn(Class<T> type, T measured) throws Exception {
        Method[] methods = Arrays.stream(type.getMethods())
                .filter(method -> !java.lang.reflect.Modifier.isStatic(method.getModifiers()))
                .toArray(Method[]::new);
        assertThat(methods).isNotEmpty();
        for (Method method : methods) {
            called.clear();
            try {
                method.invoke(
                        measured,
                        Arrays.stream(method.getParameterTypes())
                                .map(MeasuredTest::argument)
                                .toArray());
            } catch (InvocationTargetException failure) {
                throw new AssertionError(method + " failed", failure.getCause());
            }
            assertThat(called).as(method.toString()).containsExactly(method.getName());
        }
    }

    private static Object argument(Class<?> type) {
        return type == byte[].class ? new byte[] {1, 2, 3} : none(type);
    }

    @Test
    void logsGetEveryCall() throws Exception {
        MeasuredConsensus consensus = new MeasuredConsensus(recording(Consensus.class), meters, world);
        passesEachMethodOn(Consensus.class, consensus);
        passesEachMethodOn(ReplicatedLog.class, consensus.open(3, List.of(), null));
        assertThat(consensus.logs()).containsOnlyKeys(3, 0);
        consensus.remove(3);
        assertThat(consensus.logs()).containsOnlyKeys(0);
    }

    @Test
    void disksGetEveryCall() throws Exception {
        MeasuredDisk disk = new MeasuredDisk(recording(LogDisk.class), meters, world);
        Method cut = LogDisk.class.getMethod("cut", Path.class, long.class);
        assertThat(cut.isDefault())
                .as("it opens the file, and so is measured by itself")
                .isTrue();
        passesEachMethodOn(LogDisk.OpenFile.class, disk.open(Path.of("file")));
        called.clear();
        disk.delete(Path.of("file"));
        disk.rename(Path.of("file"), Path.of("other"));
        disk.syncNames(Path.of("folder"));
        assertThat(called).containsExactly("delete", "rename", "syncNames");
    }

    @Test
    void writesAndSyncsAreMeasuredAndFailuresCounted() throws Exception {
        LogDisk failing = new LogDisk() {
            @Override
            public OpenFile open(Path file) {
                return new OpenFile() {
                    @Override
                    public long length() {
                        return 0;
                    }

                    @Override
                    public void write(long position, byte[] bytes, int length) throws IOException {
                        if (length == 0) {
                            throw new IOException("No space left on device");
                        }
                    }

                    @Override
                    public void sync() {
                        world.pass(Duration.ofMillis(4));
                    }

                    @Override
                    public void cut(long length) {}

                    @Override
                    public void close() {}
                };
            }

            @Override
            public void rename(Path from, Path to) {}

            @Override
            public void delete(Path file) {}

            @Override
            public void syncNames(Path folder) {}
        };
        LogDisk.OpenFile file = new MeasuredDisk(failing, meters, world).open(Path.of("file"));
        file.write(0, new byte[10], 7);
        file.write(7, new byte[10], 3);
        file.sync();
        assertThatThrownBy(() -> file.write(10, new byte[10], 0)).hasMessage("No space left on device");
        assertThat(registry.scrape())
                .contains(
                        "lockstep_log_written_bytes_total 10.0",
                        "lockstep_log_syncs_seconds_count 1",
                        "lockstep_log_syncs_seconds_sum 0.004",
                        "lockstep_log_failures_total 1.0");
    }

    @Test
    void proposalsAreMeasuredByWhatBecomesOfThem() {
        ReplicatedLog<Batch, Object> log =
                new MeasuredConsensus(recording(Consensus.class), meters, world).open(0, List.of(), null);
        Batch three = new Batch(0, 0, 0, List.of(new Command.Tick(), new Command.Tick(), new Command.Tick()));
        for (Throwable failure : new Throwable[] {
            null,
            new NotLeaderException("moved", null),
            new NotLeaderException("is stepping down", null, true),
            new UnknownOutcomeException("lost", new IOException())
        }) {
            answer = new CompletableFuture<>();
            CompletableFuture<Object> proposed = log.propose(three);
            assertThat(proposed).isSameAs(answer);
            world.pass(Duration.ofMillis(2));
            if (failure == null) {
                answer.complete("done");
            } else {
                answer.completeExceptionally(failure);
            }
        }
        assertThat(registry.scrape())
                .contains(
                        "lockstep_proposals_seconds_sum{outcome=\"applied\"} 0.002",
                        "lockstep_proposals_seconds_count{outcome=\"refused\"} 2",
                        "lockstep_proposals_seconds_count{outcome=\"unknown\"} 1",
                        "lockstep_proposals_commands_sum 12.0",
                        "lockstep_moves_blocked_total 3.0");
    }
}
