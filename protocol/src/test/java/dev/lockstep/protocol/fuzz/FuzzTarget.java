package dev.lockstep.protocol.fuzz;

import java.nio.file.Path;
import java.util.Locale;

/** The targets of fuzzing, by the names that the corpus and the command line use. */
enum FuzzTarget {
    SERVER_STREAM("protocol", "dev.lockstep.protocol.netty.ServerStreamFuzz"),
    LOG_IN("protocol", "dev.lockstep.protocol.scram.LogInFuzz"),
    CLIENT_STREAM("protocol", "dev.lockstep.protocol.netty.ClientStreamFuzz"),
    REQUEST("protocol", "dev.lockstep.protocol.wire.RequestFuzz"),
    REPLY("protocol", "dev.lockstep.protocol.wire.ReplyFuzz"),
    BATCH("cluster-node", "dev.lockstep.cluster.machine.BatchFuzz"),
    RAFT("cluster-node", "dev.lockstep.cluster.consensus.ratis.transport.RaftMessagesFuzz"),
    SETTINGS("protocol", "dev.lockstep.protocol.settings.SettingsFuzz"),
    URI("protocol", "dev.lockstep.protocol.settings.UriFuzz"),
    MARSHALLER("jcache-provider", "dev.lockstep.jcache.marshalling.MarshallerFuzz");

    private final String module;
    private final String className;

    FuzzTarget(String module, String className) {
        this.module = module;
        this.className = className;
    }

    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    String className() {
        return className;
    }

    /** The inputs that are kept. */
    Path kept(Path home) {
        return home.resolve(module).resolve(Corpus.folder(label()));
    }

    /** Inputs that a run has found worth going on from, its log, and what it found. */
    Path work(Path home) {
        return home.resolve(module).resolve("target").resolve("fuzz").resolve(label());
    }
}
