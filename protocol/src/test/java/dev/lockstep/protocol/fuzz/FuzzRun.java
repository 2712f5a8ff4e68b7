package dev.lockstep.protocol.fuzz;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One target in a Jazzer process of its own, which goes on from the kept inputs and from what earlier runs have left in
 * the target folder. Inputs that fail are copied to the corpus.
 */
final class FuzzRun {

    private static final int STATUS_SECONDS = 5;
    /** Beyond its own time it may need this long to start and to end. */
    private static final int GRACE_SECONDS = 60;

    private static final Pattern PROGRESS = Pattern.compile("#\\d+\\s.*cov: .*");
    private static final Pattern FIND = Pattern.compile("(crash|timeout|oom|slow-unit|leak)-.*");

    private final FuzzTarget target;
    private final Path kept;
    private final Path work;
    private volatile String progress = "starting";

    /** @param failed whether it ended badly without leaving an input that tells why */
    record Result(int finds, boolean failed) {}

    FuzzRun(FuzzTarget target, Path home) {
        this.target = target;
        this.kept = target.kept(home);
        this.work = target.work(home);
    }

    Result run(Duration duration) throws IOException, InterruptedException {
        Files.createDirectories(work.resolve("corpus"));
        Files.createDirectories(work.resolve("found"));
        Process process = new ProcessBuilder(command(duration.toSeconds()))
                .directory(work.toFile())
                .redirectErrorStream(true)
                .start();
        Thread reader = new Thread(() -> follow(process), "output of " + target.label());
        reader.setDaemon(true);
        reader.start();
        long began = System.nanoTime();
        while (!process.waitFor(STATUS_SECONDS, TimeUnit.SECONDS)) {
            long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
            System.out.println(target.label() + " " + seconds + "/" + duration.toSeconds() + " s: " + progress);
            if (seconds > duration.toSeconds() + GRACE_SECONDS) {
                process.destroyForcibly().waitFor();
            }
        }
        reader.join(TimeUnit.SECONDS.toMillis(5));
        int finds = keep();
        System.out.println(
                target.label() + " ended: " + progress + ", finds=" + finds + ", log in " + work.resolve("log.txt"));
        return new Result(finds, finds == 0 && process.exitValue() != 0);
    }

    private List<String> command(long seconds) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:+EnableDynamicAgentLoading",
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + target.className(),
                "--instrumentation_includes=dev.lockstep.**:org.snakeyaml.**",
                // Netty reaches for Unsafe in ways that this one can't follow, and fails on.
                "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.UnsafeSanitizer",
                "--reproducer_path=" + work.resolve("found"),
                "-artifact_prefix=" + work.resolve("found") + "/",
                "-max_total_time=" + seconds,
                "-timeout=10",
                "-rss_limit_mb=3000",
                work.resolve("corpus").toString(),
                kept.toString());
    }

    /** Notes the latest progress, and writes all down. */
    private void follow(Process process) {
        try (BufferedReader in = process.inputReader(StandardCharsets.UTF_8);
                BufferedWriter log = Files.newBufferedWriter(work.resolve("log.txt"))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                log.write(line);
                log.newLine();
                log.flush();
                if (PROGRESS.matcher(line).matches()) {
                    progress = line.strip().replaceAll("\\s+", " ").replaceAll(" L: .*", "");
                } else if (line.startsWith("== Java") || line.startsWith("\tat dev.lockstep")) {
                    System.out.println(line);
                }
            }
        } catch (IOException ended) {
            progress = "its output ended: " + ended.getMessage();
        }
    }

    /** Copies what was found to the kept inputs. */
    private int keep() throws IOException {
        try (Stream<Path> found = Files.list(work.resolve("found"))) {
            List<Path> inputs = found.filter(
                            file -> FIND.matcher(file.getFileName().toString()).matches())
                    .toList();
            for (Path input : inputs) {
                Path copy = kept.resolve(input.getFileName());
                Files.move(input, copy, StandardCopyOption.REPLACE_EXISTING);
                System.out.println("found " + copy);
            }
            return inputs.size();
        }
    }
}
