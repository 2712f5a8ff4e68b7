package dev.lockstep.cluster.consensus.ratis;

import static dev.lockstep.cluster.consensus.ReplicatedLogContract.bytes;

import dev.lockstep.cluster.checkpoint.Checkpointer;
import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.UnknownOutcomeException;
import dev.lockstep.cluster.consensus.ratis.files.RaftLogFiles;
import dev.lockstep.cluster.consensus.ratis.transport.RatisNames;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.FileCorruption;
import dev.lockstep.cluster.testing.Folders;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings.CatchUp;
import dev.lockstep.protocol.settings.Settings.Durability;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The log of a cluster of one node, and the mark of how far it goes, harmed at one byte after the other; what the node makes of it. It is
 * either refused, or nothing of it is missing and it takes another entry. Not thread-safe.
 */
public final class CorruptedLog implements AutoCloseable {

    private static final String CLUSTER = "alone";
    private static final int GROUP = 3;
    /** No process listens there, since none connects. */
    private static final Member SELF = new Member(new NodeId("n1"), "127.0.0.1", 1);

    private static final Duration ELECTION_TIMEOUT = Duration.ofMillis(50);
    private static final int ENTRIES = 5;
    /** Small, because Ratis keeps the buffer of a log that it could not open. */
    private static final int MAX_ENTRY_BYTES = 1 << 10;

    private static final List<FileCorruption> EACH =
            List.of(FileCorruption.FLIP, FileCorruption.ZERO, FileCorruption.CUT);
    private static final int THREADS = 8;
    private static final long ANSWER_SECONDS = 20;

    private final Path home;
    private final NettyLinks links =
            new NettyLinks(CLUSTER, () -> NodeIdentity.untold(SELF.id()), Duration.ofSeconds(1), 1, null);
    private final List<Image> images;
    private final List<String> undetected = new ArrayList<>();
    private int tried;
    private int refused;

    /** A copy of a node's folder, and what had been acknowledged then. */
    private record Image(Path folder, List<String> texts) {}

    /**
     * Writes the log: as a kill leaves it, in two files, and as a graceful stop does, with a checkpoint.
     *
     * @param home an empty folder
     */
    public CorruptedLog(Path home) throws Exception {
        this.home = home;
        Image begun = writtenAndKilled(home.resolve("begun"), home.resolve("stopped"));
        Image killed = writtenAndKilled(begun.folder(), home.resolve("killed"));
        this.images = List.of(killed, new Image(begun.folder(), killed.texts()));
    }

    /** @param copy gets what a kill would leave; then the node is stopped */
    private Image writtenAndKilled(Path folder, Path copy) throws Exception {
        try (Node node = new Node(folder)) {
            node.write(ENTRIES);
            node.awaitMark();
            node.awaitClosedFiles();
            Folders.copy(folder, copy);
            return new Image(copy, node.machine.texts());
        }
    }

    /** A node that is alone. */
    private final class Node implements AutoCloseable {

        private final Path folder;
        private final RatisConsensus consensus;
        private final RecordingMachine machine = new RecordingMachine();
        private final ReplicatedLog<byte[], RecordingMachine.Entry> log;

        Node(Path folder) throws IOException {
            this.folder = folder;
            List<Member> alone = List.of(SELF);
            RatisSettings settings = new RatisSettings(
                    CLUSTER,
                    SELF,
                    alone,
                    folder,
                    false,
                    RaftMember.RAFT_LOG,
                    Durability.PROCESS,
                    folder.resolve("checkpoints"),
                    new Checkpointer.Interval(Integer.MAX_VALUE, Duration.ofDays(1)),
                    ELECTION_TIMEOUT,
                    MAX_ENTRY_BYTES,
                    CatchUp.DEFAULT);
            consensus = new RatisConsensus(settings, links, Time.system(), fault -> {});
            try {
                log = consensus.open(GROUP, List.of(SELF.id()), machine);
            } catch (RuntimeException failure) {
                consensus.close();
                throw failure;
            }
        }

        /** A file that is full is closed and gets its last name later, by the thread that syncs: not while the folder is copied. */
        void awaitClosedFiles() throws Exception {
            Eventually.holds("only the last file is open", () -> {
                try (Stream<Path> files = Files.walk(folder)) {
                    return files.filter(file -> file.getFileName().toString().startsWith("log_inprogress_"))
                                    .count()
                            == 1;
                } catch (UncheckedIOException renamed) {
                    return false;
                }
            });
        }

        boolean isRefused() throws Exception {
            Eventually.holds("it is read", () -> !status().note().equals(ReplicaStatus.OPENING));
            return status().state() != State.INTACT;
        }

        private ReplicaStatus status() {
            return consensus.replicas().get(0);
        }

        void write(int entries) throws Exception {
            for (int i = 0; i < entries; i++) {
                Eventually.holds("it leads", () -> log.leadership().ready());
                String entry = "entry " + machine.texts().size();
                Eventually.holds(
                        "it takes an entry",
                        () -> log.leadership().ready() && (machine.texts().contains(entry) || isTaken(bytes(entry))));
            }
        }

        /**
         * Also a leader that is alone steps down, when its JVM has paused for long, and is elected again. What it had appended by then is
         * applied before it is ready.
         */
        private boolean isTaken(byte[] entry) throws Exception {
            try {
                log.propose(entry).get(ANSWER_SECONDS, TimeUnit.SECONDS);
                return true;
            } catch (ExecutionException refused) {
                if (refused.getCause() instanceof NotLeaderException
                        || refused.getCause() instanceof UnknownOutcomeException) {
                    return false;
                }
                throw refused;
            }
        }

        void awaitMark() throws Exception {
            long last = log.commitPosition();
            RaftLogFiles files = new RaftLogFiles(folder, group(), "harmed");
            Eventually.holds("it is marked", () -> files.watermark().position() >= last);
        }

        @Override
        public void close() {
            consensus.close();
        }
    }

    private static String group() {
        return RatisNames.groupId(CLUSTER, GROUP).getUuid().toString();
    }

    /**
     * Harms every {@code step}th byte of each file in each way; several at a time, since a node that is closed waits.
     *
     * @param progress told each time how it went so far, on any thread, one at a time
     */
    public void harmEach(int step, Consumer<CorruptedLog> progress) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (Trial trial : trials(step)) {
                running.add(threads.submit(() -> {
                    run(trial, home.resolve(Thread.currentThread().getName()));
                    synchronized (this) {
                        progress.accept(this);
                    }
                    return null;
                }));
            }
            for (Future<?> trial : running) {
                trial.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private List<Trial> trials(int step) throws IOException {
        List<Trial> trials = new ArrayList<>();
        for (Image image : images) {
            for (Path file : files(image)) {
                trials.add(new Trial(image, file, FileCorruption.DELETE, 0));
                for (int at = 0; at < FileCorruption.written(image.folder().resolve(file)); at += step) {
                    for (FileCorruption harm : EACH) {
                        trials.add(new Trial(image, file, harm, at));
                    }
                }
            }
        }
        return trials;
    }

    /**
     * Returns the files of the log, and the mark, as seen from the image's folder. Votes are small and looked at by
     * ReplicaFilesTest.
     */
    private static List<Path> files(Image image) throws IOException {
        try (Stream<Path> files = Files.list(image.folder().resolve(group()).resolve("current"))) {
            return Stream.concat(
                            files.filter(file -> file.getFileName().toString().startsWith("log_")),
                            Stream.of(image.folder().resolve(group() + ".watermark")))
                    .map(image.folder()::relativize)
                    .sorted()
                    .toList();
        }
    }

    private record Trial(Image image, Path file, FileCorruption harm, int at) {

        @Override
        public String toString() {
            return harm + " of " + image.folder().getFileName() + "/" + file.getFileName() + " at " + at;
        }
    }

    private void run(Trial trial, Path folder) throws IOException {
        Folders.delete(folder);
        Folders.copy(trial.image().folder(), folder);
        trial.harm().to(folder.resolve(trial.file()), trial.at());
        boolean isRefused = false;
        String wrong = null;
        try (Node node = new Node(folder)) {
            isRefused = node.isRefused();
            if (!isRefused) {
                node.write(1);
                List<String> texts = node.machine.texts();
                wrong = texts.subList(0, texts.size() - 1).equals(trial.image().texts()) ? null : "there was " + texts;
            }
        } catch (Exception | AssertionError failure) {
            wrong = failure.toString();
        }
        synchronized (this) {
            tried++;
            refused += isRefused ? 1 : 0;
            if (wrong != null) {
                undetected.add(trial + ": " + wrong);
            }
        }
    }

    public int tried() {
        return tried;
    }

    /** Counts how often the node saw that something was wrong, and would have had the replica made anew. */
    public int refused() {
        return refused;
    }

    /** Counts how often nothing was missing. */
    public int harmless() {
        return tried - refused - undetected.size();
    }

    /** Returns a line for each log that the node took for whole though it was not, or could not live with. */
    public List<String> undetected() {
        return undetected;
    }

    @Override
    public String toString() {
        return "tried=%d detected=%d harmless=%d undetected=%d"
                .formatted(tried, refused, harmless(), undetected.size());
    }

    @Override
    public void close() {
        links.close();
    }
}
