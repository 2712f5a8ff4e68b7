/** The entries that entry processors work on. */
@NullMarked
package dev.lockstep.jcache.processor;

import org.jspecify.annotations.NullMarked;
