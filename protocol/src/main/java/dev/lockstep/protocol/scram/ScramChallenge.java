package dev.lockstep.protocol.scram;

import dev.lockstep.protocol.wire.Bytes;

/** What a node asks of a user who wants to log in. Immutable. */
public record ScramChallenge(ScramMechanism mechanism, Bytes message) {}
