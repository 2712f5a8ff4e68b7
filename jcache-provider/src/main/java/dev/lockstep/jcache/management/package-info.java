/** Statistics and MXBeans of caches. */
@NullMarked
package dev.lockstep.jcache.management;

import org.jspecify.annotations.NullMarked;
