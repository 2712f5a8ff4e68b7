package dev.lockstep.cluster.node;

import dev.lockstep.cluster.admin.AdminGuard;
import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.access.Right;
import dev.lockstep.protocol.link.Logins;
import dev.lockstep.protocol.tls.CertificateNames;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The users of a node's cluster, as its admin port sees them: nobody has rights before the node has joined. Thread-safe. */
final class MonitorAccess implements AdminGuard.Access {

    private final Supplier<@Nullable NodeCore> core;
    private final Predicate<List<String>> isMember;

    /**
     * @param core null until the node has joined
     * @param isMember tells whether the names of a certificate are those of a member
     */
    MonitorAccess(Supplier<@Nullable NodeCore> core, Predicate<List<String>> isMember) {
        this.core = core;
        this.isMember = isMember;
    }

    @Override
    public boolean mayMonitor(X509Certificate certificate) {
        if (isMember.test(CertificateNames.of(certificate))) {
            return true;
        }
        AccessRules rules = rules();
        return rules != null && (rules.isOpen() || grants(rules, CertificateNames.user(certificate)));
    }

    @Override
    public boolean mayMonitor(String user) {
        AccessRules rules = rules();
        return rules != null && grants(rules, user);
    }

    private static boolean grants(AccessRules rules, String user) {
        AccessRules.Grants grants = rules.grants(user);
        return grants != null && grants.onCluster().contains(Right.MONITOR);
    }

    private @Nullable AccessRules rules() {
        NodeCore running = core.get();
        return running == null ? null : running.access();
    }

    @Override
    public @Nullable Logins logins() {
        NodeCore running = core.get();
        return running == null ? null : running.logins();
    }

    @Override
    public void refused(@Nullable String user, String from, String page) {
        NodeCore running = core.get();
        if (running != null) {
            running.audit().forbidden(user, from, page);
        }
    }
}
