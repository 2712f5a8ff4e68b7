/** Providers and managers: how an application gets in. */
@NullMarked
package dev.lockstep.jcache.spi;

import org.jspecify.annotations.NullMarked;
