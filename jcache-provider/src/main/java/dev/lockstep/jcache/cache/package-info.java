/** The Cache itself: check, call, translate. */
@NullMarked
package dev.lockstep.jcache.cache;

import org.jspecify.annotations.NullMarked;
