/** Standard expiry policies as data. */
@NullMarked
package dev.lockstep.jcache.expiry;

import org.jspecify.annotations.NullMarked;
