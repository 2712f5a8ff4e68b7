package dev.lockstep.protocol.scram;

import dev.lockstep.protocol.wire.Bytes;

/** The challenge of a node to a user who wants to log in. Immutable. */
public record ScramChallenge(ScramMechanism mechanism, Bytes message) {}
