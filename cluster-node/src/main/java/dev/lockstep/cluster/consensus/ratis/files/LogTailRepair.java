package dev.lockstep.cluster.consensus.ratis.files;

import dev.lockstep.cluster.files.DiskMonitor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Truncates an entry at the end of a log of which a part never reached the file, since a power cut or a kill
 * interrupted the write. It was never acknowledged, since that comes after the write (or the sync), so it may go. Ratis
 * takes it for corruption and refuses the log.
 *
 * <p>It is told from damage by how files are written: in whole sectors, in any order, and Ratis fills a file with zeros
 * before it writes entries. Therefore the missing part of the entry contains a sector's worth of zeros. (Damage that
 * looks the same, or an entry of zeros that is damaged, is taken for a torn one; a watermark of what had been synced
 * would tell.)
 */
public final class LogTailRepair {

    private static final Logger LOG = LoggerFactory.getLogger(LogTailRepair.class);
    /** "RaftLog1" */
    private static final int HEADER = 8;

    private static final int SECTOR = 512;
    private static final int CHECKSUM = 4;
    private static final int NONE = -1;
    private static final long DAMAGED = Long.MAX_VALUE;

    private LogTailRepair() {}

    /**
     * Cuts a torn entry off, and what comes behind it.
     *
     * @param group the folder of a group's log, which need not exist
     * @throws IOException when it can't be read or written
     */
    public static void cutOff(LogDisk disk, Path group) throws IOException {
        if (!Files.isDirectory(group)) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(group, DiskMonitor.OPEN_FILE)) {
            for (Path file : files) {
                byte[] log = Files.readAllBytes(file);
                int end = find(log);
                if (end != NONE) {
                    LOG.warn("The last write to {} was interrupted: the file is truncated at byte {}", file, end);
                    disk.cut(file, end);
                }
            }
        }
        closeFull(disk, group);
    }

    /**
     * Renames files that were full, but not yet renamed, when the process ended: only the last is written. What comes behind
     * one whose end never reached the disk goes, as the torn entry of a last file does.
     */
    private static void closeFull(LogDisk disk, Path group) throws IOException {
        TreeMap<Long, Path> open = new TreeMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(group, DiskMonitor.OPEN_FILE)) {
            for (Path file : files) {
                open.put(firstIndex(file), file);
            }
        }
        while (open.size() > 1) {
            var full = open.pollFirstEntry();
            byte[] log = Files.readAllBytes(full.getValue());
            Whole whole = whole(log);
            long last = full.getKey() + whole.entries() - 1;
            if (whole.end() < lastWritten(log)) {
                return; // damaged, as is found when the log is read
            }
            if (last + 1 != open.firstKey()) {
                LOG.warn(
                        "The end of {} was not synced before a power cut: the entries behind position {} are dropped",
                        full.getValue(),
                        last);
                for (Path behind : open.descendingMap().values()) {
                    disk.delete(behind);
                }
                return;
            }
            disk.cut(full.getValue(), whole.end());
            disk.rename(full.getValue(), group.resolve("log_" + full.getKey() + "-" + last));
        }
    }

    /**
     * Forgets a log that ends before a checkpoint: all of it is in there. Only a power cut can leave that, with a log that is synced in the
     * background. Ratis would keep its last file open, and find that what the leader sends does not follow it.
     *
     * @param group the folder of a group's log, without a torn entry
     */
    public static void forgetIfBehind(LogDisk disk, Path group, long position) throws IOException {
        List<Path> files = new ArrayList<>();
        long last = NONE;
        try (DirectoryStream<Path> all = Files.newDirectoryStream(group, "log_*")) {
            for (Path file : all) {
                long lastOfFile = lastIndex(file);
                if (lastOfFile == DAMAGED) {
                    return; // what comes behind the damage may not be in the checkpoint; Ratis says what is wrong
                }
                files.add(file);
                last = Math.max(last, lastOfFile);
            }
        }
        if (last < position && !files.isEmpty()) {
            LOG.warn(
                    "The log in {} ends at position {}, before its checkpoint at {}: it is deleted",
                    group,
                    last,
                    position);
            for (Path file : files) {
                disk.delete(file);
            }
        }
    }

    /** The term of the last entry that is whole; 0 if there is none. */
    static long lastTerm(Path group) throws IOException {
        TreeMap<Long, Path> files = new TreeMap<>(Comparator.reverseOrder());
        try (DirectoryStream<Path> all = Files.newDirectoryStream(group, "log_*")) {
            for (Path file : all) {
                files.put(firstIndex(file), file);
            }
        }
        for (Path file : files.values()) {
            byte[] log = Files.readAllBytes(file);
            int last = whole(log).last();
            if (last != NONE) {
                InputStream in = new ByteArrayInputStream(log, last, log.length - last);
                return LogEntryProto.parseDelimitedFrom(in).getTerm();
            }
        }
        return 0;
    }

    /** Returns the first index, which both {@code log_<first>-<last>} and {@code log_inprogress_<first>} name. */
    private static long firstIndex(Path file) {
        String[] name = file.getFileName().toString().split("[_-]");
        return Long.parseLong(name[1].equals("inprogress") ? name[2] : name[1]);
    }

    /** A closed segment has it in its name: {@code log_<first>-<last>}. */
    private static long lastIndex(Path file) throws IOException {
        String[] name = file.getFileName().toString().split("[_-]");
        if (!name[1].equals("inprogress")) {
            return Long.parseLong(name[2]);
        }
        int entries = entries(Files.readAllBytes(file));
        return entries == NONE ? DAMAGED : Long.parseLong(name[2]) + entries - 1;
    }

    /**
     * Counts the entries that Ratis finds, without a last one that is cut off; {@link #NONE} when it finds that
     * something is wrong.
     */
    private static int entries(byte[] log) {
        Whole whole = whole(log);
        boolean toTheEnd = whole.end() >= lastWritten(log) || claimedEnd(log, whole.end()) > log.length;
        return toTheEnd ? whole.entries() : NONE;
    }

    /** Finds the offset of a torn entry; {@link #NONE} when there is none, or something else is wrong. */
    static int find(byte[] log) {
        int at = whole(log).end();
        return at < lastWritten(log) && isTorn(log, at, (int) Math.min(claimedEnd(log, at), log.length)) ? at : NONE;
    }

    /**
     * The entries that are whole, as are all before them.
     *
     * @param last where the last begins; {@link #NONE} if there is none
     * @param end where it ends
     */
    private record Whole(int entries, int last, int end) {}

    private static Whole whole(byte[] log) {
        int entries = 0;
        int last = NONE;
        int at = HEADER;
        int written = lastWritten(log);
        while (at < written) {
            long end = claimedEnd(log, at);
            if (end > log.length || !fits(log, at, (int) end)) {
                break;
            }
            entries++;
            last = at;
            at = (int) end;
        }
        return new Whole(entries, last, at);
    }

    /** Computes the end of the entry at {@code at} from its length field. */
    private static long claimedEnd(byte[] log, int at) {
        long length = 0;
        int read = at;
        for (int shift = 0; shift < 35 && read < log.length; shift += 7) {
            byte next = log[read++];
            length |= (next & 0x7FL) << shift;
            if (next >= 0) {
                break;
            }
        }
        // Zeros are no entry: the log ends here, or what is here is missing and something came behind it.
        return length == 0 ? lastWritten(log) : read + length + CHECKSUM;
    }

    private static int lastWritten(byte[] log) {
        int end = log.length;
        while (end > 0 && log[end - 1] == 0) {
            end--;
        }
        return end;
    }

    private static boolean fits(byte[] log, int at, int end) {
        if (end - CHECKSUM <= at) {
            return false;
        }
        CRC32C checksum = new CRC32C();
        checksum.update(log, at, end - CHECKSUM - at);
        return ByteBuffer.wrap(log).getInt(end - CHECKSUM) == (int) checksum.getValue();
    }

    private static boolean isTorn(byte[] log, int at, int end) {
        for (int from = at; from < end; from = (from / SECTOR + 1) * SECTOR) {
            int to = Math.min((from / SECTOR + 1) * SECTOR, end);
            boolean missing = true;
            for (int i = from; i < to && missing; i++) {
                missing = log[i] == 0;
            }
            if (missing) {
                return true;
            }
        }
        return false;
    }
}
