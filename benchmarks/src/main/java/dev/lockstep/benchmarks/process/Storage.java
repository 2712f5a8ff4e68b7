package dev.lockstep.benchmarks.process;

import java.nio.file.Path;

/**
 * The storage of logs.
 *
 * @param name what it is, for people
 * @param folder of this run alone
 */
public record Storage(String name, Path folder) {}
