/** Objects to bytes and back. */
@NullMarked
package dev.lockstep.jcache.marshalling;

import org.jspecify.annotations.NullMarked;
