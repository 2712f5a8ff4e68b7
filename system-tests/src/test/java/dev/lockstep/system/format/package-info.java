/** The corpus of formats: data folders that earlier versions have written, from which the present one starts. */
@NullMarked
package dev.lockstep.system.format;

import org.jspecify.annotations.NullMarked;
