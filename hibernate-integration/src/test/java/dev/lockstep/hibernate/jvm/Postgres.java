package dev.lockstep.hibernate.jvm;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A PostgreSQL server of its own on loopback, run by another user where this one is root, as it insists. */
public final class Postgres implements Database {

    private static final List<String> TOOLS = List.of("initdb", "pg_ctl", "postgres");
    private static final Path DEBIANS = Path.of("/usr/lib/postgresql");
    private static final String ROOTS_STAND_IN = "postgres";

    private final Path folder;
    private final int port;

    private Postgres(Path folder, int port) {
        this.folder = folder;
        this.port = port;
    }

    /** Tells whether PostgreSQL is installed. */
    public static boolean isInstalled() {
        return TOOLS.stream().allMatch(tool -> find(tool).isPresent())
                && (!isRoot() || find("setpriv").isPresent());
    }

    /** On the path, or where Debian's packages keep it. */
    private static Optional<Path> find(String tool) {
        List<Path> folders = new ArrayList<>();
        for (String folder : System.getenv("PATH").split(File.pathSeparator)) {
            folders.add(Path.of(folder));
        }
        if (Files.isDirectory(DEBIANS)) {
            try (Stream<Path> versions = Files.list(DEBIANS)) {
                versions.forEach(version -> folders.add(version.resolve("bin")));
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        }
        return folders.stream()
                .map(folder -> folder.resolve(tool))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static boolean isRoot() {
        return System.getProperty("user.name").equals("root");
    }

    static Postgres start() throws IOException {
        Path folder = Files.createTempDirectory("lockstep-postgres");
        Postgres server = new Postgres(folder, freePort());
        if (isRoot()) {
            run(List.of("chown", ROOTS_STAND_IN, folder.toString()));
        }
        Path data = folder.resolve("data");
        asUser("initdb", "-D", data.toString(), "-U", "notes", "-A", "trust", "-E", "UTF8", "--no-sync");
        asUser(
                "pg_ctl",
                "-D",
                data.toString(),
                "-w",
                "-l",
                folder.resolve("log").toString(),
                "-o",
                "-c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=100 -p " + server.port + " -k " + folder,
                "start");
        return server;
    }

    private static int freePort() throws IOException {
        try (var socket = new java.net.ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void asUser(String tool, String... arguments) throws IOException {
        List<String> all = new ArrayList<>();
        if (isRoot()) {
            all.addAll(List.of("setpriv", "--reuid=" + ROOTS_STAND_IN, "--regid=" + ROOTS_STAND_IN, "--init-groups"));
        }
        all.add(find(tool).orElseThrow().toString());
        all.addAll(List.of(arguments));
        run(all);
    }

    private static void run(List<String> command) throws IOException {
        Path output = Files.createTempFile("lockstep-postgres", ".out");
        try {
            Process process = new ProcessBuilder(command)
                    .directory(new File("/"))
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (process.waitFor() != 0) {
                throw new IOException(command + " failed: " + Files.readString(output));
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        } finally {
            Files.delete(output);
        }
    }

    @Override
    public Map<String, String> properties() {
        return Map.of(
                "hibernate.connection.url",
                "jdbc:postgresql://127.0.0.1:" + port + "/postgres",
                "hibernate.connection.username",
                "notes",
                "hibernate.connection.password",
                "",
                "hibernate.connection.isolation",
                "REPEATABLE_READ");
    }

    @Override
    public void close() {
        try {
            asUser("pg_ctl", "-D", folder.resolve("data").toString(), "-m", "immediate", "-w", "stop");
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        } catch (IOException failure) {
            throw new IllegalStateException("PostgreSQL could not be stopped", failure);
        }
    }
}
