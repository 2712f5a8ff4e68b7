/** Certificates and keys: read from files, read again when those change, and checked with errors that name them. */
@NullMarked
package dev.lockstep.protocol.tls;

import org.jspecify.annotations.NullMarked;
