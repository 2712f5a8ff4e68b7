package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.checkpoint.Checkpointer;
import dev.lockstep.protocol.settings.Settings.CatchUp;
import dev.lockstep.protocol.settings.Settings.Durability;
import dev.lockstep.protocol.settings.Settings.RaftLogKind;
import dev.lockstep.protocol.topology.Member;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The settings of a node for its Raft groups.
 *
 * @param cluster nodes of differently named clusters never take part in one another's groups
 * @param self this node
 * @param members all nodes, this one among them, at the addresses where <em>this node</em> reaches them
 * @param folder where the logs are kept, in a folder for each group
 * @param formed whether this node has taken part before: a replica without a log has lost it then
 * @param raftLog which implementation writes the logs; their files are the same
 * @param durability what a replica has done with an entry before it counts as appended there
 * @param checkpoints where the checkpoints are kept, in a folder for each group
 * @param checkpointInterval when a checkpoint is taken
 * @param electionTimeout shortest time without a leader before an election; the longest is twice that
 * @param maxEntryBytes the largest entry; each group keeps a buffer of about that size outside the heap
 * @param catchUp what is fetched of checkpoints in a second, and sent of entries to replicas that are far behind
 */
public record RatisSettings(
        String cluster,
        Member self,
        List<Member> members,
        Path folder,
        boolean formed,
        RaftLogKind raftLog,
        Durability durability,
        Path checkpoints,
        Checkpointer.Interval checkpointInterval,
        Duration electionTimeout,
        int maxEntryBytes,
        CatchUp catchUp) {

    /** Takes a batch of the largest chunks that clients send, several times over. */
    public static final int MAX_ENTRY_BYTES = 4 << 20;

    public RatisSettings {
        members = List.copyOf(members);
        if (members.stream().noneMatch(member -> member.id().equals(self.id()))) {
            throw new IllegalArgumentException(self.id() + " is none of the members " + members);
        }
        if (electionTimeout.toMillis() < 1 || maxEntryBytes < 1) {
            throw new IllegalArgumentException(
                    "Not positive: election time-out " + electionTimeout + ", largest entry " + maxEntryBytes);
        }
    }
}
