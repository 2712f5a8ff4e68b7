/** What entry processors see. */
@NullMarked
package dev.lockstep.jcache.processor;

import org.jspecify.annotations.NullMarked;
