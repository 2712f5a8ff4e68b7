package dev.lockstep.cluster.consensus.ratis;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.netty.NettyFactory;
import org.apache.ratis.netty.server.NettyRpcService;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.rpc.RpcFactory;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.util.ProtoUtils;

/**
 * Ratis' Netty transport, which also notes when a leader's messages are accepted. Public, with a constructor without
 * arguments, because Ratis makes it by name.
 */
public final class ObservedNetty implements RpcType {

    /** The parameter under which the {@link LeaderContacts} come in. */
    private static final String CONTACTS = "lockstep.leader-contacts";

    static Parameters parameters(LeaderContacts contacts) {
        Parameters parameters = new Parameters();
        parameters.put(CONTACTS, contacts, LeaderContacts.class);
        return parameters;
    }

    @Override
    public String name() {
        return ObservedNetty.class.getName();
    }

    /** Ratis writes the type into its properties by this. */
    @Override
    public String toString() {
        return name();
    }

    @Override
    public RpcFactory newFactory(Parameters parameters) {
        LeaderContacts contacts = parameters.get(CONTACTS, LeaderContacts.class);
        return new NettyFactory(parameters) {
            @Override
            public NettyRpcService newRaftServerRpc(RaftServer server) {
                return super.newRaftServerRpc(observed(server, contacts));
            }
        };
    }

    /**
     * The server as the transport sees it: everything goes through, appends with a safe commit position, and those that are
     * accepted (heartbeats too) are noted.
     */
    private static RaftServer observed(RaftServer server, LeaderContacts contacts) {
        InvocationHandler handler = (proxy, method, arguments) -> {
            try {
                long arrived = contacts.now();
                if (arguments != null && arguments[0] instanceof AppendEntriesRequestProto request) {
                    arguments[0] = SafeCommits.of(request);
                }
                Object result = method.invoke(server, arguments);
                if (result instanceof AppendEntriesReplyProto reply
                        && reply.getResult() != AppendResult.NOT_LEADER
                        && arguments[0] instanceof AppendEntriesRequestProto request) {
                    contacts.of(ProtoUtils.toRaftGroupId(
                                    request.getServerRequest().getRaftGroupId()))
                            .at(arrived);
                }
                return result;
            } catch (InvocationTargetException failure) {
                throw failure.getCause();
            }
        };
        return (RaftServer)
                Proxy.newProxyInstance(RaftServer.class.getClassLoader(), new Class<?>[] {RaftServer.class}, handler);
    }
}
