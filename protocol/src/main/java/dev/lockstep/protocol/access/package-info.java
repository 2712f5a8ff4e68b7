/** Users, roles, and what they permit. */
@NullMarked
package dev.lockstep.protocol.access;

import org.jspecify.annotations.NullMarked;
