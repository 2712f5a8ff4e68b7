/** Passwords: what proves that a user knows one (SCRAM, RFC 5802), and what a cluster keeps of it. */
@NullMarked
package dev.lockstep.protocol.scram;

import org.jspecify.annotations.NullMarked;
