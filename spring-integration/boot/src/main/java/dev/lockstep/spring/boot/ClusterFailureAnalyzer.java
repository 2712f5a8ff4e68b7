package dev.lockstep.spring.boot;

import dev.lockstep.protocol.link.RequestFailedException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Tells what to look at when the application can't start because the cluster refuses it or does not answer. */
final class ClusterFailureAnalyzer extends AbstractFailureAnalyzer<RequestFailedException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, RequestFailedException cause) {
        return new FailureAnalysis(
                "The Lockstep cluster refused or did not answer (" + cause.status() + "): " + cause.getMessage(),
                "Check that the nodes of lockstep.servers run and can be reached from here, and that lockstep.cluster is their"
                        + " cluster's name.",
                cause);
    }
}
