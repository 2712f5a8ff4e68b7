/** Runs the official TCK and judges its reports. */
@NullMarked
package dev.lockstep.tck;

import org.jspecify.annotations.NullMarked;
