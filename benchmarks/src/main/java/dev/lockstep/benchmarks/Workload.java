package dev.lockstep.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * One operation, called by so many threads at once.
 *
 * @param operation takes a random number of 0 and up
 */
public record Workload(String name, int callers, IntConsumer operation) {

    /** Runs it for so many seconds. An operation that fails ends its caller, and the run with its exception. */
    public Sample run(int seconds) throws InterruptedException {
        Histogram latencies = new ConcurrentHistogram(TimeUnit.MINUTES.toNanos(5), 3);
        List<Throwable> failures = new ArrayList<>();
        Duration cpuBefore = cpu();
        long began = System.nanoTime();
        long end = began + TimeUnit.SECONDS.toNanos(seconds);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < callers; i++) {
            Thread thread = new Thread(() -> call(end, latencies), name + "-" + i);
            thread.setUncaughtExceptionHandler((failed, cause) -> {
                synchronized (failures) {
                    failures.add(cause);
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        synchronized (failures) {
            if (!failures.isEmpty()) {
                throw new IllegalStateException(name + " failed", failures.get(0));
            }
        }
        double elapsed = (System.nanoTime() - began) / 1e9;
        long operations = latencies.getTotalCount();
        double cpuMicros = cpu().minus(cpuBefore).toNanos() / 1e3;
        return new Sample(
                operations / elapsed,
                latencies.getValueAtPercentile(50) / 1e3,
                latencies.getValueAtPercentile(99) / 1e3,
                cpuMicros / operations);
    }

    private void call(long end, Histogram latencies) {
        for (long began = System.nanoTime(); began < end; began = System.nanoTime()) {
            operation.accept(ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE));
            latencies.recordValue(System.nanoTime() - began);
        }
    }

    /** CPU time of this JVM and of the processes it has started. */
    private static Duration cpu() {
        return Stream.concat(
                        Stream.of(ProcessHandle.current()),
                        ProcessHandle.current().children())
                .map(process -> process.info().totalCpuDuration().orElse(Duration.ZERO))
                .reduce(Duration.ZERO, Duration::plus);
    }
}
