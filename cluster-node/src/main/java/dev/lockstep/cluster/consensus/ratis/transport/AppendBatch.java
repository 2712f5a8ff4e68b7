package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.protocol.runtime.HeapShare;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.util.TimeDuration;

/** Chooses the entries that go into one append. Stateless. */
final class AppendBatch {

    /** In one append; a follower's log takes all that may be in flight (see {@code RatisProperties}). */
    private static final int MAX_ENTRIES = 1_024;

    private static final long MAX_BYTES = HeapShare.atMost(4 << 20, 128);

    private AppendBatch() {}

    /** Returns the entries from an index on that fit together, at least one if there is any. */
    static List<LogEntryProto> from(RaftLog log, long first) throws IOException {
        List<LogEntryProto> entries = new ArrayList<>();
        long end = Math.min(log.getNextIndex(), first + MAX_ENTRIES);
        long bytes = 0;
        for (long index = first; index < end; index++) {
            RaftLog.EntryWithData entry = log.getEntryWithData(index);
            bytes += entry.getSerializedSize();
            if (!entries.isEmpty() && bytes > MAX_BYTES) {
                break;
            }
            entries.add(content(entry));
        }
        return entries;
    }

    private static LogEntryProto content(RaftLog.EntryWithData entry) throws IOException {
        try {
            return entry.getEntry(TimeDuration.ZERO);
        } catch (TimeoutException never) {
            throw new IOException("Entries have no data elsewhere", never);
        }
    }
}
