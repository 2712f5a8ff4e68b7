/** Cache entry listeners, fed by the shards' change streams. */
@NullMarked
package dev.lockstep.jcache.event;

import org.jspecify.annotations.NullMarked;
