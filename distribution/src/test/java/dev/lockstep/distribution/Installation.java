package dev.lockstep.distribution;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** An unpacked archive, and processes of its program. */
final class Installation {

    private final Path folder;

    private Installation(Path folder) {
        this.folder = folder;
    }

    /** Unpacks the archive that this build has made into an empty folder. */
    static Installation unpack(Path empty) throws IOException, InterruptedException {
        Path output = empty.resolve("tar.log");
        finish(new ProcessBuilder("tar", "xf", System.getProperty("lockstep-test.archive"), "-C", empty.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start());
        Files.delete(output);
        try (Stream<Path> unpacked = Files.list(empty)) {
            return new Installation(unpacked.findFirst().orElseThrow());
        }
    }

    Path folder() {
        return folder;
    }

    List<String> names(String subfolder) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve(subfolder))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    /** Starts the program on the JVM of this test, with what it prints in a file. */
    Process start(Path output, String... arguments) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                Stream.concat(Stream.of(folder.resolve("bin/lockstep").toString()), Stream.of(arguments))
                        .toList());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("JDK_JAVA_OPTIONS", "-Xmx256m -XX:+UseSerialGC");
        return builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    }

    /** @return the exit code */
    static int finish(Process process) throws InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError(process.info() + " still runs after a minute");
        }
        return process.exitValue();
    }
}
