/** Configuration common to Boot 3 and Boot 4: properties, what they mean, and what is said when they are wrong. */
@NullMarked
package dev.lockstep.spring.boot;

import org.jspecify.annotations.NullMarked;
