package dev.lockstep.cluster.planted;

import java.util.List;

/**
 * A defect to be planted: a piece of a source file, and what stands there instead. Immutable.
 *
 * @param name what is wrong, in a few words
 * @param file from the root of the project
 * @param right a piece of the source that occurs there once, blanks counting as one
 * @param wrong what takes its place
 * @param suite the test class that looks for it; empty for the simulation
 */
record Defect(String name, String file, String right, String wrong, String suite) {

    private static final String ROUTING = "protocol/src/main/java/dev/lockstep/protocol/routing/";
    private static final String PROTOCOL = "protocol/src/main/java/dev/lockstep/protocol/";
    private static final String CLUSTER = "cluster-node/src/main/java/dev/lockstep/cluster/";
    private static final String SIMULATION = "test-support/src/main/java/dev/lockstep/cluster/simulation/";

    /** One that the simulation has to find. */
    private Defect(String name, String file, String right, String wrong) {
        this(name, file, right, wrong, "");
    }

    /** Each breaks a promise. */
    static final List<Defect> ALL = List.of(
            new Defect(
                    "a retry is applied twice",
                    CLUSTER + "machine/SessionTable.java",
                    "Outcome.Written known = session.outcomes.get(sequence);",
                    "Outcome.Written known = null;"),
            new Defect(
                    "the session table is lost now and then",
                    CLUSTER + "machine/ShardMachine.java",
                    "return sessions.once(write.id(),",
                    "return (position % 8 == 0 ? new SessionTable(kept) : sessions).once(write.id(),"),
            new Defect(
                    "acknowledged before a majority has it",
                    SIMULATION + "SimulatedDisk.java",
                    "positions.get((positions.size() - 1) / 2)",
                    "positions.get(positions.size() - 1)"),
            new Defect(
                    "an unknown outcome is called a failure",
                    CLUSTER + "shard/Proposer.java",
                    "Status.INVALID : Status.INDETERMINATE",
                    "Status.INVALID : Status.INVALID"),
            new Defect(
                    "a batch's outcomes go to the wrong commands",
                    CLUSTER + "shard/Proposer.java",
                    "outcomes.get(i)",
                    "outcomes.get(batch.size() - 1 - i)"),
            new Defect(
                    "a strong read without a round",
                    CLUSTER + "readindex/ReadIndexRounds.java",
                    "if (ReadIndexBatch.isMajority(leadership.voters(), Set.of(self))) {",
                    "if (leadership.leads()) {",
                    "dev.lockstep.cluster.shard.ShardReplicaTest"),
            new Defect(
                    "a read joins a round that was sent before",
                    CLUSTER + "readindex/ReadIndexBatch.java",
                    "return !sent && !over",
                    "return !over",
                    "dev.lockstep.cluster.readindex.ReadIndexRoundsTest"),
            new Defect(
                    "any later term confirms a round too",
                    CLUSTER + "server/RequestDispatcher.java",
                    "currentTerm(asked.group()) == asked.term()",
                    "currentTerm(asked.group()) >= asked.term()",
                    "dev.lockstep.cluster.server.RequestDispatcherTest"),
            new Defect(
                    "a strong read does not wait until what was committed is applied",
                    CLUSTER + "readindex/ReadBarrier.java",
                    "waits.await(commitPosition,",
                    "waits.await(0,"),
            new Defect(
                    "a strong read waits only for what the leader has applied",
                    CLUSTER + "readindex/ReadIndexRounds.java",
                    "long commitPosition = log.commitPosition();",
                    "long commitPosition = log.appliedPosition();"),
            new Defect(
                    "a replica that is behind calls over what a read has prolonged",
                    CLUSTER + "shard/SessionReadRule.java",
                    "return cache.definition().expiry().isAccessBased()",
                    "return cache.id() < 0",
                    "dev.lockstep.cluster.shard.ShardReplicaTest"),
            new Defect(
                    "asking again for a lease leaves the first request in flight",
                    CLUSTER + "shard/EntryLeases.java",
                    "told.add(() -> known.granted.accept(Status.BUSY));",
                    "looks.remove(known);",
                    "dev.lockstep.cluster.shard.ShardReplicaTest"),
            new Defect(
                    "a lease needs no sign of life of who holds it",
                    CLUSTER + "shard/EntryLeases.java",
                    "this.livesUntilNanos = nowNanos + holdNanos;",
                    "this.livesUntilNanos = nowNanos + 1_000 * holdNanos;"),
            new Defect(
                    "a lease outlives the connection that it was asked for over",
                    CLUSTER + "server/RequestDispatcher.java",
                    "shards.disconnected(this);",
                    "",
                    "dev.lockstep.cluster.server.RequestDispatcherTest"),
            new Defect(
                    "what a client asked for through a gateway outlives its connection there",
                    CLUSTER + "server/RequestDispatcher.java",
                    "passage.close();",
                    "",
                    "dev.lockstep.cluster.server.RequestDispatcherTest"),
            new Defect(
                    "a gateway says that nothing was sent to a node whose connection broke",
                    CLUSTER + "server/Gateway.java",
                    "sent ? Status.INDETERMINATE : Status.UNREACHABLE",
                    "Status.UNREACHABLE",
                    "dev.lockstep.cluster.server.RequestDispatcherTest"),
            new Defect(
                    "a late copy creates a destroyed cache again",
                    CLUSTER + "control/ClusterMachine.java",
                    "if (create.highestId() != before.highestId()) {",
                    "if (create.highestId() > before.highestId()) {",
                    "dev.lockstep.cluster.control.ControlGroupTest"),
            new Defect(
                    "what a node passes on for a client needs no rights",
                    CLUSTER + "server/RequestDispatcher.java",
                    "request instanceof Request.PassOn passOn ? passOn.request() : request;",
                    "request;",
                    "dev.lockstep.cluster.server.RequestDispatcherTest"),
            new Defect(
                    "a subscription outlives the right to read",
                    CLUSTER + "server/PeerSubscriptions.java",
                    "} else if (isRevoked(correlationId, reply)) {",
                    "} else if (correlationId < 0) {",
                    "dev.lockstep.cluster.server.RequestDispatcherTest"),
            new Defect(
                    "clients are served by rules that are older than the group's",
                    CLUSTER + "control/ControlGroup.java",
                    "known.access().revision() >= newest.revision()",
                    "newest.revision() >= 0",
                    "dev.lockstep.cluster.control.ControlGroupTest"),
            new Defect(
                    "the last administrator can be removed",
                    CLUSTER + "control/AccessChanges.java",
                    "if (!next.isOpen() &&",
                    "if (next.isOpen() &&",
                    "dev.lockstep.cluster.control.ControlGroupTest"),
            new Defect(
                    "an older shard map replaces a newer one",
                    ROUTING + "LeaderDirectory.java",
                    "told.map().version() >= view.map().version()",
                    "told.map() != null",
                    "dev.lockstep.protocol.routing.LeaderDirectoryTest"),
            new Defect(
                    "a session's position is not carried to another node",
                    PROTOCOL + "session/Session.java",
                    "withValues, consistency, positions.position(shard),",
                    "withValues, consistency, 0,"),
            new Defect(
                    "a replica answers before it is where the session has been",
                    CLUSTER + "shard/ReplicaReads.java",
                    "this::sessionPositionApplied, this::freshOrConfirmed",
                    "this::freshOrConfirmed"),
            new Defect(
                    "the replica in the process does not look at the session's position",
                    CLUSTER + "shard/ReplicaReads.java",
                    "!rule.hasApplied(positions.position(shard)) ||",
                    ""),
            new Defect(
                    "a session does not remember what it has written",
                    PROTOCOL + "session/SessionWrites.java",
                    "positions.saw(shard, written.position());",
                    ""),
            new Defect(
                    "a session does not remember by which time it has judged",
                    PROTOCOL + "link/SessionPositions.java",
                    "public void judged(int shard, long millis) {",
                    "public void judged(int shard, long millis) { if (millis != 0) { return; }",
                    "dev.lockstep.protocol.session.SessionTest"),
            new Defect(
                    "what a session has judged in one shard holds for all",
                    PROTOCOL + "link/SessionPositions.java",
                    "return judgedAt.get(shard);",
                    "long latest = 0;\n"
                            + "for (int one = 0; one < judgedAt.length(); one++) {"
                            + " latest = Math.max(latest, judgedAt.get(one)); }\n"
                            + "return latest;",
                    "dev.lockstep.protocol.session.SessionTest"),
            new Defect(
                    "the lease is trusted, and so is one that another leader knows nothing of",
                    CLUSTER + "machine/Conditions.java",
                    "entry != null && entry.version() == versionIs.version()",
                    "entry != null"),
            new Defect(
                    "put and removed since is taken for untouched",
                    CLUSTER + "machine/Conditions.java",
                    "entry == null && absentSince.test(since.version())",
                    "entry == null",
                    "dev.lockstep.cluster.machine.ShardMachineTest"),
            new Defect(
                    "leases outlive the leadership",
                    CLUSTER + "shard/ShardReplica.java",
                    "leases.dropAll(); evictions.rest();",
                    "evictions.rest();",
                    "dev.lockstep.cluster.shard.ShardReplicaTest"),
            new Defect(
                    "leases are granted while leadership is handed over",
                    CLUSTER + "shard/EntryLeases.java",
                    "if (isPaused()) {",
                    "if (lease.id.isNone()) {",
                    "dev.lockstep.cluster.shard.ShardReplicaTest"),
            new Defect(
                    "leadership is handed over although leases are held",
                    CLUSTER + "shard/EntryLeases.java",
                    "if (!queues.isEmpty() && !despiteLeases) {",
                    "if (queues.isEmpty() && !despiteLeases && nanos < 0) {",
                    "dev.lockstep.cluster.shard.ShardReplicaTest"),
            new Defect(
                    "a leader stamps by its own wall clock",
                    CLUSTER + "shard/ShardReplica.java",
                    "state.batch(clock.stampMillis(), commands)",
                    "state.batch(context.time().millis(), commands)"),
            new Defect(
                    "the log's time follows the clocks of most members without a bound",
                    CLUSTER + "clock/LogClock.java",
                    "return between(free - slew, aim, free + slew);",
                    "return aim;",
                    "dev.lockstep.cluster.clock.LogClockTest"),
            new Defect(
                    "apply reads a clock of its own",
                    CLUSTER + "machine/ShardMachine.java",
                    "logTimeMillis = Math.max(logTimeMillis, batch.stampMillis());",
                    "logTimeMillis = Math.max(logTimeMillis, batch.stampMillis()) + System.nanoTime() % 128;"),
            new Defect(
                    "the log's time goes back",
                    CLUSTER + "machine/ShardMachine.java",
                    "logTimeMillis = Math.max(logTimeMillis, batch.stampMillis());",
                    "logTimeMillis = batch.stampMillis();",
                    "dev.lockstep.cluster.machine.ShardMachineTest"),
            new Defect(
                    "a strong read calls expired what only its own clock says",
                    CLUSTER + "shard/RequestGuards.java",
                    "if (state.logTimeMillis() >= now || !byClockOnly.test(now)) {",
                    "if (now >= 0) {",
                    "dev.lockstep.cluster.shard.ShardReplicaTest"),
            new Defect(
                    "evicted on one replica",
                    CLUSTER + "shard/ReplicaState.java",
                    "Applied result = apply(machine, position, batch);",
                    "Applied result = apply(machine, position, batch);\n"
                            + "if (position % 5 == 0 && System.identityHashCode(this) % 2 == 0) {\n"
                            + "contents.store.keysAfter(1, null, 1).forEach(key -> contents.store.remove(1, key)); }"),
            new Defect(
                    "changes are skipped when a subscription goes on elsewhere",
                    PROTOCOL + "session/ShardChanges.java",
                    "? Math.max(member.after, current.position) : member.after;",
                    "? Math.max(member.after, current.position) : -1;"),
            new Defect(
                    "changes are told twice when a subscription goes on elsewhere",
                    CLUSTER + "shard/ChangeWindow.java",
                    "told != null && position > told;",
                    "told != null && position >= told;",
                    "dev.lockstep.cluster.shard.ChangeWindowTest"),
            new Defect(
                    "the session table is missing from the checkpoint",
                    CLUSTER + "machine/ShardMachine.java",
                    "new ArrayList<>(sessions.records());",
                    "new ArrayList<>();"),
            new Defect(
                    "tombstones are missing from the checkpoint",
                    CLUSTER + "machine/ShardMachine.java",
                    "rest.addAll(entries.records());",
                    ""),
            new Defect(
                    "the window of changes is missing from the checkpoint",
                    CLUSTER + "shard/ChangeWindow.java",
                    "varint(window.size()).varint(oldest).toByteArray());"
                            + " window.forEach(positioned -> records.add(encode(positioned)));",
                    "varint(0).varint(oldest).toByteArray());"),
            new Defect(
                    "the image shows what was written after it",
                    CLUSTER + "store/heap/HeapImage.java",
                    "if (kept.putIfAbsent(key, old) == null) {",
                    "if (kept.size() < 0) {"),
            new Defect(
                    "the log is purged beyond the checkpoint",
                    CLUSTER + "checkpoint/Checkpointer.java",
                    "CheckpointStrategy.PendingCheckpoint pending = strategy.begin(id); writer",
                    "CheckpointStrategy.PendingCheckpoint pending = strategy.begin(id); advance(id); writer"),
            new Defect(
                    "a checkpoint counts before it is synced",
                    CLUSTER + "checkpoint/CheckpointFolder.java",
                    "files.sync(draft);",
                    ""),
            new Defect(
                    "a fetched checkpoint takes its place before it is verified",
                    CLUSTER + "checkpoint/CheckpointFolder.java",
                    "read(part, id, restoration::record);",
                    "publish(part, id); read(name(id), id, restoration::record);"),
            new Defect(
                    "a fetched checkpoint is installed with the voters of before it was taken",
                    CLUSTER + "consensus/ratis/transport/SnapshotInstallGate.java",
                    "|| appliedWhenSent(request) < pending.end()",
                    "",
                    "dev.lockstep.cluster.consensus.ratis.transport.SnapshotInstallGateTest"),
            new Defect(
                    "an append is answered before the log is synced",
                    CLUSTER + "consensus/ratis/log/DirectRaftLog.java",
                    "if (syncer.isWaitedFor()) { return () -> {}; }",
                    "",
                    "dev.lockstep.cluster.consensus.ratis.log.LogScheduleTest"),
            new Defect(
                    "an append that is repeated is answered before the first is synced",
                    CLUSTER + "consensus/ratis/log/FlushTracker.java",
                    "if (index <= flushed) { return null; }",
                    "if (index >= 0) { return null; }",
                    "dev.lockstep.cluster.consensus.ratis.log.LogScheduleTest"),
            new Defect(
                    "an append is answered before it is written",
                    CLUSTER + "consensus/ratis/log/DirectRaftLog.java",
                    "writer.add(entries);",
                    "writer.add(entries); flushes.written(last.getIndex()).run();",
                    "dev.lockstep.cluster.consensus.ratis.log.LogScheduleTest"),
            new Defect(
                    "entries that were truncated before they were written are written all the same",
                    CLUSTER + "consensus/ratis/log/LogWriter.java",
                    "queued.subList(queued.size() - gone.size(), queued.size()).clear();",
                    "",
                    "dev.lockstep.cluster.consensus.ratis.log.LogScheduleTest"),
            new Defect(
                    "an entry that is not written yet can't be read",
                    CLUSTER + "consensus/ratis/log/DirectRaftLog.java",
                    "entry = writer.get(index);",
                    "",
                    "dev.lockstep.cluster.consensus.ratis.log.LogScheduleTest"),
            new Defect(
                    "a sync is skipped",
                    CLUSTER + "consensus/ratis/log/SegmentFiles.java",
                    "open.sync(); } syncNames();",
                    "} syncNames();",
                    "dev.lockstep.cluster.consensus.ratis.log.LogScheduleTest"),
            new Defect(
                    "the name of a new file is not synced",
                    CLUSTER + "consensus/ratis/log/SegmentFiles.java",
                    "changed = namesChanged;",
                    "changed = false;",
                    "dev.lockstep.cluster.consensus.ratis.log.LogScheduleTest"),
            new Defect(
                    "what a killed process has left unsynced counts as flushed",
                    CLUSTER + "consensus/ratis/log/SegmentFiles.java",
                    "files.writer.sync();",
                    "",
                    "dev.lockstep.cluster.consensus.ratis.log.LogScheduleTest"),
            new Defect(
                    "a truncation leaves a tail",
                    CLUSTER + "consensus/ratis/log/SegmentFiles.java",
                    "segment.truncated(index, offset);",
                    "segment.truncated(index + 1, offset);",
                    "dev.lockstep.cluster.consensus.ratis.log.LogScheduleTest"),
            new Defect(
                    "the log is purged beyond what was asked for",
                    CLUSTER + "consensus/ratis/log/SegmentFiles.java",
                    "first.last() <= index; first",
                    "first.first() <= index; first",
                    "dev.lockstep.cluster.consensus.ratis.log.LogScheduleTest"),
            new Defect(
                    "the index is behind the file",
                    CLUSTER + "consensus/ratis/log/SegmentFiles.java",
                    "for (int i = from; i < to; i++) {",
                    "for (int i = from; i < to - 1; i++) {",
                    "dev.lockstep.cluster.consensus.ratis.log.LogScheduleTest"),
            new Defect(
                    "entries are read out of order",
                    CLUSTER + "consensus/ratis/log/RecentEntries.java",
                    "entry != null && entry.getIndex() == index ? entry : null",
                    "entry",
                    "dev.lockstep.cluster.consensus.ratis.log.LogScheduleTest"),
            new Defect(
                    "a record with a wrong checksum is accepted",
                    CLUSTER + "consensus/ratis/log/RecordFormat.java",
                    "ByteBuffer.wrap(records).getInt(end) != checksum(records, at, end - at)",
                    "false",
                    "dev.lockstep.cluster.consensus.ratis.log.RecordFormatTest"),
            new Defect(
                    "a vote is given before it is synced",
                    CLUSTER + "consensus/ratis/transport/RaftMessageHandler.java",
                    "gate.syncVote();",
                    "",
                    "dev.lockstep.cluster.consensus.ratis.transport.LinkServerRpcTest"),
            new Defect(
                    "entries are applied out of order",
                    SIMULATION + "SimulatedLog.java",
                    "disk.entry(position);",
                    "disk.entry(position % 8 == 4 && position < commit ? position + 1 : position - (position % 8 == 5 ? 1 : 0));"),
            new Defect(
                    "a replica is removed before its move has come about",
                    CLUSTER + "node/HostedGroups.java",
                    "if (!layout.places(group, self)) {",
                    "if (!layout.targetOf(group).contains(self)) {"),
            new Defect(
                    "nodes that an earlier plan named are forgotten",
                    PROTOCOL + "topology/Layout.java",
                    ".filter(node -> !to.contains(node))",
                    ".filter(node -> false)",
                    "dev.lockstep.cluster.control.LayoutChangesTest"),
            new Defect(
                    "subscribers of a replica that is removed are not told",
                    CLUSTER + "shard/ShardReplica.java",
                    "state.window().end(reason);",
                    ""),
            new Defect(
                    "a node hears of layouts by its replica of the control group alone",
                    CLUSTER + "node/NodeCore.java",
                    "loop.execute(() -> learn(view.layout()));",
                    ""),
            new Defect(
                    "a late report of a move counts",
                    CLUSTER + "control/LayoutChanges.java",
                    "move.since() == moved.since()",
                    "true",
                    "dev.lockstep.cluster.control.LayoutChangesTest"),
            new Defect(
                    "a layout takes the place of one that it does not follow",
                    CLUSTER + "control/ClusterMachine.java",
                    "next.version() != version(before.layout()) + 1",
                    "next.version() < 0",
                    "dev.lockstep.cluster.control.ControlGroupTest"),
            new Defect(
                    "a node goes back to an earlier layout",
                    CLUSTER + "node/NodeCore.java",
                    "if (told.version() > layout.version()) {",
                    "if (told.version() != layout.version()) {"),
            new Defect(
                    "the voters change before the new replica is open",
                    CLUSTER + "node/ReplicaMoves.java",
                    "if (reply instanceof Reply.Done) {",
                    "if (reply != null) {",
                    "dev.lockstep.cluster.node.ReplicaMovesTest"),
            new Defect(
                    "a replica that was left behind is found only while it is open",
                    CLUSTER + "node/HostedGroups.java",
                    "if (hosted || context.consensus().stores(group)) {",
                    "if (hosted) {"),
            new Defect(
                    "a node that was removed comes back",
                    CLUSTER + "node/Admission.java",
                    "if (known.member(self.id()) == null && !hasForgotten(known) && isAble(known)) {",
                    "if (known.member(self.id()) == null && known.removed().isEmpty()) {",
                    "dev.lockstep.cluster.node.AdmissionTest"),
            new Defect(
                    "a node that was removed comes back with an empty folder",
                    CLUSTER + "node/Admission.java",
                    "return !remembers && layout",
                    "return false && layout",
                    "dev.lockstep.cluster.node.AdmissionTest"),
            new Defect(
                    "the version of a cluster rises above what a member can do",
                    CLUSTER + "control/ControlGroup.java",
                    "if (obstacles.isEmpty()) {",
                    "if (obstacles.size() < 3) {",
                    "dev.lockstep.cluster.control.ClusterUpgradeTest"),
            new Defect(
                    "a bound in bytes is written before the version of the cluster has one",
                    CLUSTER + "control/ControlGroup.java",
                    "if (completed.maxBytes() > 0 && !hasMemory) {",
                    "if (completed.maxBytes() < 0) {",
                    "dev.lockstep.cluster.control.ClusterUpgradeTest"),
            new Defect(
                    "a full node takes what it has no room for",
                    CLUSTER + "memory/NodeMemory.java",
                    "if (growth > 0 && growth > room) {",
                    "if (growth < 0 && growth > room) {",
                    "dev.lockstep.cluster.shard.MemoryTest"),
            new Defect(
                    "a leader does not heed a follower that is full",
                    CLUSTER + "memory/NodeMemory.java",
                    "least == null ? here : Math.min(here, least.room());",
                    "here;",
                    "dev.lockstep.cluster.shard.MemoryTest"),
            new Defect(
                    "a client is not held to its rate",
                    CLUSTER + "rates/RateLimits.java",
                    "long wait = shared.buckets.take(size);",
                    "long wait = 0;",
                    "dev.lockstep.cluster.rates.RateLimitsTest"),
            new Defect(
                    "users are written before the version of the cluster has them",
                    CLUSTER + "control/ControlGroup.java",
                    "&& !layout().clusterVersion().hasUsers()",
                    "&& false",
                    "dev.lockstep.cluster.control.ClusterUpgradeTest"),
            new Defect(
                    "a newer version of the control group's state is taken for damage",
                    CLUSTER + "control/ClusterMachine.java",
                    "if (!able.includes(version)) {",
                    "if (false) {",
                    "dev.lockstep.cluster.control.ClusterUpgradeTest"),
            new Defect(
                    "a node joins a cluster of a version that it can't do",
                    CLUSTER + "node/Admission.java",
                    "return !layout.isFormed() || able.includes(layout.clusterVersion());",
                    "return true;",
                    "dev.lockstep.cluster.node.AdmissionTest"),
            new Defect(
                    "a node opens a folder of a version that it can't do",
                    CLUSTER + "node/LayoutFile.java",
                    "if (!able.includes(version)) {",
                    "if (false) {",
                    "dev.lockstep.cluster.node.LayoutFileTest"),
            new Defect(
                    "a checkpoint of another version is taken for damage",
                    CLUSTER + "checkpoint/CheckpointFolder.java",
                    "        } catch (UnknownFormatException unknown) {\n            throw ofAnotherVersion(place(file), unknown);\n",
                    "",
                    "dev.lockstep.cluster.checkpoint.CheckpointFolderTest"),
            new Defect(
                    "a node is replaced while another does not answer either",
                    CLUSTER + "control/GoneNodes.java",
                    "suspects.size() != 1",
                    "suspects.isEmpty()",
                    "dev.lockstep.cluster.control.GoneNodesTest"),
            new Defect(
                    "two clusters of one name mix",
                    PROTOCOL + "settings/Settings.java",
                    "HexFormat.of().toHexDigits(clusterId)",
                    "HexFormat.of().toHexDigits(0)",
                    "dev.lockstep.protocol.settings.SettingsTest"),
            new Defect(
                    "a member without a replica of the control group copies nothing",
                    CLUSTER + "control/ControlGroup.java",
                    "if (copies(newest)) {",
                    "if (newest.version() < 0) {"),
            new Defect(
                    "a replica of the control group that is behind takes the place of a copy",
                    CLUSTER + "control/ControlGroup.java",
                    "&& other.position() >= known.position()",
                    "",
                    "dev.lockstep.cluster.control.ControlGroupTest"),
            new Defect(
                    "the control group leaves members that can't copy it",
                    CLUSTER + "control/LayoutChanges.java",
                    "if (now.clusterVersion().hasControlCopies()) {",
                    "if (now.version() >= 0) {",
                    "dev.lockstep.cluster.control.LayoutChangesTest"),
            new Defect(
                    "a log-in is passed on by one who ends TLS in between",
                    PROTOCOL + "scram/ScramServer.java",
                    "!MessageDigest.isEqual(last.binding().array(), binding.array())",
                    "last.binding().size() == 0",
                    "dev.lockstep.protocol.scram.ScramLogInTest"),
            new Defect(
                    "the answer of an earlier log-in lets in again",
                    PROTOCOL + "scram/ScramServer.java",
                    "!last.nonce().equals(nonce)",
                    "last.nonce().isEmpty()",
                    "dev.lockstep.protocol.scram.ScramLogInTest"),
            new Defect(
                    "half-open connections of one address take all places",
                    PROTOCOL + "netty/HalfOpenConnections.java",
                    ">= MAX_OF_ADDRESS",
                    ">= MAX",
                    "dev.lockstep.protocol.netty.HalfOpenConnectionsTest"));
}
