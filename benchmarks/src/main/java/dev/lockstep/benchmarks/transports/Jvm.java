package dev.lockstep.benchmarks.transports;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The command of a child JVM. All have the same heap, collector and common pool, as {@code NodeProcess} gives to the
 * product's nodes.
 */
public record Jvm(String classPath, List<String> options) {

    public Jvm {
        options = List.copyOf(options);
    }

    /** Returns a JVM with the class path of this one. */
    public static Jvm likeThis(String... options) {
        return new Jvm(System.getProperty("java.class.path"), List.of(options));
    }

    List<String> command(Class<?> program, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-Djava.util.concurrent.ForkJoinPool.common.parallelism=4",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                "-cp",
                classPath));
        command.addAll(options);
        command.add(program.getName());
        command.addAll(arguments);
        return command;
    }
}
