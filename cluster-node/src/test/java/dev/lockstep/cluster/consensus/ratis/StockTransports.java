package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.ratis.transport.LeaderContacts;
import dev.lockstep.protocol.runtime.Time;
import java.io.IOException;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.netty.NettyConfigKeys;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.rpc.SupportedRpcType;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.TimeDuration;

/**
 * Raft over the transports that come with Ratis, which listen at the member's own address. Only to be compared with: leader
 * contacts are not noted, and the commit of a first entry is not safe.
 */
public final class StockTransports {

    private StockTransports() {}

    public static Consensus netty(RatisSettings settings) throws IOException {
        return consensus(settings, SupportedRpcType.NETTY, properties -> {
            NettyConfigKeys.Server.setHost(properties, settings.self().host());
            NettyConfigKeys.Server.setPort(properties, settings.self().port());
            TimeDuration patience = RaftServerConfigKeys.Rpc.requestTimeout(properties);
            RaftClientConfigKeys.Rpc.setRequestTimeout(properties, patience); // also that of calls between servers
        });
    }

    public static Consensus grpc(RatisSettings settings) throws IOException {
        return consensus(settings, SupportedRpcType.GRPC, properties -> {
            GrpcConfigKeys.Server.setHost(properties, settings.self().host());
            GrpcConfigKeys.Server.setPort(properties, settings.self().port());
        });
    }

    private interface Further {
        void into(RaftProperties properties);
    }

    private static Consensus consensus(RatisSettings settings, RpcType type, Further further) throws IOException {
        return new RatisConsensus(
                settings,
                new LeaderContacts(Time.system()),
                (contacts, votes) -> new RatisConsensus.Transport(
                        properties -> {
                            RaftConfigKeys.Rpc.setType(properties, type);
                            // Ratis' own appenders tell followers of a commit by an entry, or not before the next
                            // heartbeat.
                            RaftServerConfigKeys.Log.setLogMetadataEnabled(properties, true);
                            RaftServerConfigKeys.Log.setAppendEntriesComposeEnabled(properties, true);
                            further.into(properties);
                        },
                        new Parameters()),
                Time.system(),
                fault -> {});
    }
}
