/** The API beyond JSR-107 that applications use: asynchronous and versioned views of a cache, the CacheManager, and typed failures. */
@NullMarked
package dev.lockstep.jcache;

import org.jspecify.annotations.NullMarked;
