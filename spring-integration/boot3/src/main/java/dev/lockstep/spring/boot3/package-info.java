/** The auto-configuration for Boot 3; its classes are generated from those of {@code boot4}. */
@NullMarked
package dev.lockstep.spring.boot3;

import org.jspecify.annotations.NullMarked;
