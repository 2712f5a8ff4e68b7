/**
 * Clients of the JCache API as their users use them, unmodified: a class each, whose tests run in each topology.
 * {@link dev.lockstep.compatibility.CompatibilityIT} runs them, and holds {@code docs/compatibility.md} to what it finds.
 */
@org.jspecify.annotations.NullMarked
package dev.lockstep.compatibility;
