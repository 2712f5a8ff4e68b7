package dev.lockstep.spring.boot;

import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.wire.Status;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Tells what to look at when the application can't start because the cluster refuses it or does not answer. */
final class ClusterFailureAnalyzer extends AbstractFailureAnalyzer<RequestFailedException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, RequestFailedException cause) {
        return new FailureAnalysis(
                "The Lockstep cluster refused or did not answer (" + cause.status() + "): " + cause.getMessage(),
                cause.status() == Status.FORBIDDEN
                        ? "Give its user the rights that it needs (lockstep role set), or the application a certificate or password of"
                                + " one that has them (lockstep.ssl.bundle, lockstep.username)."
                        : "Check that the nodes of lockstep.servers run and can be reached from here, and that lockstep.cluster is"
                                + " their cluster's name.",
                cause);
    }
}
