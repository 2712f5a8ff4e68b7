/** Loaders and writers, called in this JVM. */
@NullMarked
package dev.lockstep.jcache.integration;

import org.jspecify.annotations.NullMarked;
