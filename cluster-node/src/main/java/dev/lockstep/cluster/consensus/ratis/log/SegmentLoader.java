package dev.lockstep.cluster.consensus.ratis.log;

import dev.lockstep.cluster.consensus.ratis.files.CorruptStateException;
import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.server.RaftServerConfigKeys.Log.CorruptionPolicy;
import org.apache.ratis.server.raftlog.segmented.LogSegment;
import org.apache.ratis.server.raftlog.segmented.LogSegmentPath;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.util.SizeInBytes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the segment files of a log that is opened: all entries are there, each file follows the one before, and only the last
 * may take further entries. Files without entries are deleted, and the zeros behind the last record are cut off.
 */
final class SegmentLoader {

    private static final Logger LOG = LoggerFactory.getLogger(SegmentLoader.class);

    private final LogDisk disk;
    private final Path folder;
    private final SizeInBytes maxEntry;
    private final Consumer<LogEntryProto> entries;
    private final List<Segment> segments = new ArrayList<>();

    private SegmentLoader(LogDisk disk, Path folder, SizeInBytes maxEntry, Consumer<LogEntryProto> entries) {
        this.disk = disk;
        this.folder = folder;
        this.maxEntry = maxEntry;
        this.entries = entries;
    }

    /**
     * Reads the files of a log.
     *
     * @param maxEntry the largest entry
     * @param entries told all of them, in order
     * @throws IOException when a file can't be read, or is not what was written
     */
    static List<Segment> load(LogDisk disk, RaftStorage storage, SizeInBytes maxEntry, Consumer<LogEntryProto> entries)
            throws IOException {
        SegmentLoader loader =
                new SegmentLoader(disk, storage.getStorageDir().getCurrentDir().toPath(), maxEntry, entries);
        for (LogSegmentPath path : LogSegmentPath.getLogSegmentPaths(storage)) {
            loader.load(path);
        }
        return loader.segments;
    }

    private void load(LogSegmentPath path) throws IOException {
        Path file = path.getPath();
        Segment.Name name = Segment.Name.of(file);
        Segment before = segments.isEmpty() ? null : segments.get(segments.size() - 1);
        if (name == null || (before != null && (!before.isClosed() || before.last() + 1 != name.first()))) {
            throw new CorruptStateException("the file " + file + " does not follow the one before"
                    + (before == null ? "" : ", which ends with entry " + before.last()));
        }
        Segment segment = read(path, name);
        if (segment.isEmpty()) {
            LOG.info("Deleted {}, which had no entry", file);
            disk.delete(file);
            return;
        }
        if (Files.size(file) > segment.size()) {
            disk.cut(file, segment.size());
        }
        if (!name.isOpen()) {
            segment.close();
        }
        segments.add(segment);
    }

    private Segment read(LogSegmentPath path, Segment.Name name) throws IOException {
        Segment segment = new Segment(folder, name.first());
        List<Long> misplaced = new ArrayList<>();
        LogSegment.readSegmentFile(
                path.getPath().toFile(), path.getStartEnd(), maxEntry, CorruptionPolicy.EXCEPTION, null, entry -> {
                    if (entry.getIndex() != segment.last() + 1) {
                        misplaced.add(entry.getIndex());
                    }
                    segment.added(entry.getTerm(), RecordFormat.size(entry));
                    entries.accept(entry);
                });
        if (!misplaced.isEmpty() || (!name.isOpen() && segment.last() != name.last())) {
            throw new CorruptStateException("the file " + path.getPath() + " has other entries than its name says: "
                    + (misplaced.isEmpty() ? "it ends with " + segment.last() : misplaced.get(0) + " is out of place"));
        }
        return segment;
    }
}
