/** What Boot's lines have in common: properties, what they mean, and what is said when they are wrong. */
@NullMarked
package dev.lockstep.spring.boot;

import org.jspecify.annotations.NullMarked;
