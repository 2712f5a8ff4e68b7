/** Spring's cache abstraction on top of Lockstep; knows no Boot. */
@NullMarked
package dev.lockstep.spring;

import org.jspecify.annotations.NullMarked;
