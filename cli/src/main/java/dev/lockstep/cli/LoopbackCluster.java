package dev.lockstep.cli;

import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A cluster whose nodes listen on loopback, and what its nodes and their clients have to be told of it.
 *
 * @param name of the cluster
 * @param members at least one
 */
record LoopbackCluster(String name, List<Member> members) {

    private static final String HOST = "127.0.0.1";

    LoopbackCluster {
        members = List.copyOf(members);
    }

    /** Names nodes n1, n2, … at the ports given. */
    static LoopbackCluster of(String name, List<Integer> ports) {
        List<Member> members = new ArrayList<>();
        for (int port : ports) {
            members.add(new Member(new NodeId("n" + (members.size() + 1)), HOST, port));
        }
        return new LoopbackCluster(name, members);
    }

    LoopbackCluster with(Member another) {
        return new LoopbackCluster(
                name, Stream.concat(members.stream(), Stream.of(another)).toList());
    }

    /**
     * Writes the configuration of a node, as YAML.
     *
     * @param data the node's folder of data, relative to that of the file
     * @param measures whether the node has meters, which it answers at a free port
     */
    String configuration(NodeId node, String data, boolean measures) {
        String admin = measures ? ", admin: \"" + HOST + ":0\"" : "";
        return "cluster: " + name + "\nnode: {id: " + node + ", data: " + data + admin + "}\nmembers:\n"
                + members.stream()
                        .map(member -> "  - {id: " + member.id() + ", address: \"" + address(member) + "\"}\n")
                        .collect(Collectors.joining());
    }

    static String address(Member member) {
        return member.host() + ":" + member.port();
    }

    /** Returns the {@code host:port} of each node. */
    List<String> addresses() {
        return members.stream().map(LoopbackCluster::address).toList();
    }

    /** Returns them as {@code --servers} takes them. */
    String servers() {
        return String.join(",", addresses());
    }

    /** Returns the URI of a client's CacheManager. */
    String uri() {
        return "lockstep://" + String.join(";", addresses()) + "/" + name;
    }
}
