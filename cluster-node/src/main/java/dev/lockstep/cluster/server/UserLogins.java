package dev.lockstep.cluster.server;

import dev.lockstep.cluster.audit.AuditLog;
import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.access.User;
import dev.lockstep.protocol.link.Logins;
import dev.lockstep.protocol.scram.ScramVerifier;
import dev.lockstep.protocol.wire.Bytes;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The passwords of the cluster's users. Thread-safe. */
public final class UserLogins implements Logins {

    private final Supplier<@Nullable AccessRules> rules;
    private final LongSupplier clusterId;
    private final AuditLog audit;
    private final LongAdder turnedAway = new LongAdder();

    /**
     * @param rules those that hold now; null as long as they are not known
     * @param clusterId drawn at random when the cluster was formed, and told only to those who are let in
     */
    public UserLogins(Supplier<@Nullable AccessRules> rules, LongSupplier clusterId, AuditLog audit) {
        this.rules = rules;
        this.clusterId = clusterId;
        this.audit = audit;
    }

    @Override
    public boolean areKnown() {
        return rules.get() != null;
    }

    @Override
    public @Nullable ScramVerifier verifier(String name) {
        AccessRules now = rules.get();
        User user = now == null ? null : now.users().get(name);
        String verifier = user == null ? null : user.verifier();
        return verifier == null ? null : ScramVerifier.parse(verifier);
    }

    @Override
    public Bytes decoyKey() {
        return Bytes.utf8("decoys of cluster " + Long.toHexString(clusterId.getAsLong()));
    }

    /** Returns how many peers were not let in since the node was started. */
    public long refused() {
        return turnedAway.sum();
    }

    @Override
    public void turnedAway(String user, String from, String why) {
        turnedAway.increment();
        audit.turnedAway(user, from, why);
    }
}
