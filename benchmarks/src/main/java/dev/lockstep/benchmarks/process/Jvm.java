package dev.lockstep.benchmarks.process;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command of a child JVM. */
public record Jvm(String classPath, List<String> options) {

    public Jvm {
        options = List.copyOf(options);
    }

    /** Returns a JVM with the heap, collector and common pool that {@code NodeProcess} gives to the product's nodes. */
    public static Jvm likeNode(String classPath, String... options) {
        List<String> all = new ArrayList<>(
                List.of("-Xmx512m", "-XX:+UseSerialGC", "-Djava.util.concurrent.ForkJoinPool.common.parallelism=4"));
        all.addAll(List.of(options));
        return new Jvm(classPath, all);
    }

    /** Returns a JVM like a node's with the class path of this one. */
    public static Jvm likeThis(String... options) {
        return likeNode(System.getProperty("java.class.path"), options);
    }

    List<String> command(Class<?> program, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", classPath));
        command.addAll(options);
        command.add(program.getName());
        command.addAll(arguments);
        return command;
    }
}
