/** Entries in RocksDB, with those in use on the heap above it. The only importer of RocksDB. */
@NullMarked
package dev.lockstep.cluster.store.rocks;

import org.jspecify.annotations.NullMarked;
