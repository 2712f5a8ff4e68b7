package dev.lockstep.benchmarks.transports;

import java.nio.file.Path;

/**
 * The storage of logs.
 *
 * @param name what it is, for people
 * @param folder of this run alone
 */
record Storage(String name, Path folder) {}
