package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.consensus.ratis.transport.RatisNames;
import dev.lockstep.cluster.files.DiskMonitor;
import dev.lockstep.protocol.topology.NodeId;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.GroupManagementRequest;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.rpc.CallId;
import org.apache.ratis.server.RaftServer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens, closes and removes one group of a Ratis server, changes its voters, and transfers its leadership. Thread-safe. */
final class GroupAdmin {

    private static final Logger LOG = LoggerFactory.getLogger(GroupAdmin.class);
    private static final long MOST_SECONDS = 60;

    private final RaftServer server;
    private final ClientId client;
    private final RaftGroup group;
    private final String name;

    /** @param name of the replica, human-readable */
    GroupAdmin(RaftServer server, ClientId client, RaftGroup group, String name) {
        this.server = server;
        this.client = client;
        this.group = group;
        this.name = name;
    }

    /**
     * Opens it from what it has on the disk, and waits for that.
     *
     * @param where that is, human-readable
     */
    RaftServer.Division open(Object where) throws IOException {
        // Not formatting means: recover if there is something, in which case its own configuration holds.
        await(
                "opening it in " + where,
                GroupManagementRequest.newAdd(client, server.getId(), CallId.getAndIncrement(), group, false));
        return server.getDivision(group.getGroupId());
    }

    /** Closes it, and waits for that; its files stay. */
    void close() throws IOException {
        await("closing it", removal());
    }

    /** Closes it; its files stay. */
    CompletableFuture<RaftClientReply> remove() {
        return server.groupManagementAsync(removal());
    }

    private GroupManagementRequest removal() {
        return removal(false);
    }

    private GroupManagementRequest removal(boolean withFiles) {
        return GroupManagementRequest.newRemove(
                client, server.getId(), CallId.getAndIncrement(), group.getGroupId(), withFiles, false);
    }

    /** Closes it if it is open, and deletes Ratis' files of it; waits for that. */
    void erase() throws IOException {
        for (RaftGroupId open : server.getGroupIds()) {
            if (open.equals(group.getGroupId())) {
                await("removing it", removal(true));
            }
        }
    }

    /** Changes the voters if they are {@code from}, once the new ones have caught up. */
    CompletableFuture<Void> changeVoters(RaftGroup from, RaftGroup to) {
        try {
            return server.setConfigurationAsync(new SetConfigurationRequest(
                            client,
                            server.getId(),
                            group.getGroupId(),
                            CallId.getAndIncrement(),
                            SetConfigurationRequest.Arguments.newBuilder()
                                    .setMode(SetConfigurationRequest.Mode.COMPARE_AND_SET)
                                    .setServersInCurrentConf(List.copyOf(from.getPeers()))
                                    .setServersInNewConf(List.copyOf(to.getPeers()))
                                    .build()))
                    .thenAccept(reply -> {
                        if (!reply.isSuccess()) {
                            throw new CompletionException(failed("changing its voters", reply.getException()));
                        }
                    });
        } catch (IOException | RuntimeException failure) {
            return CompletableFuture.failedFuture(failed("changing its voters", failure));
        }
    }

    private void await(String what, GroupManagementRequest request) throws IOException {
        try {
            RaftClientReply reply = server.groupManagementAsync(request).get(MOST_SECONDS, TimeUnit.SECONDS);
            if (!reply.isSuccess()) {
                throw failed(what, reply.getException());
            }
        } catch (ExecutionException failure) {
            throw failed(what, failure.getCause() == null ? failure : failure.getCause());
        } catch (TimeoutException late) {
            throw new IOException(
                    "The replica of " + name + ": gave up " + what + " after " + MOST_SECONDS + " s", late);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("The replica of " + name + ": interrupted while " + what);
        }
    }

    private IOException failed(String what, Throwable cause) {
        return new IOException("The replica of " + name + ": failed " + what + ": " + DiskMonitor.reason(cause), cause);
    }

    /**
     * Transfers its leadership to another, or to whichever the others elect. Success is judged by the new leader: Ratis
     * may report a time-out although it has succeeded.
     *
     * @param within after which Ratis gives it up
     */
    void transfer(@Nullable NodeId successor, Duration within) {
        try {
            server.transferLeadershipAsync(new TransferLeadershipRequest(
                            client,
                            server.getId(),
                            group.getGroupId(),
                            CallId.getAndIncrement(),
                            successor == null ? null : RatisNames.id(successor),
                            within.toMillis()))
                    .whenComplete((reply, failure) -> {
                        if (failure != null || !reply.isSuccess()) {
                            LOG.debug(
                                    "Leadership of {} was not transferred to {}: {}",
                                    name,
                                    successor == null ? "another" : successor,
                                    String.valueOf(failure == null ? reply.getException() : failure));
                        }
                    });
        } catch (IOException | RuntimeException failure) {
            LOG.debug("Leadership of {} was not transferred", name, failure);
        }
    }
}
