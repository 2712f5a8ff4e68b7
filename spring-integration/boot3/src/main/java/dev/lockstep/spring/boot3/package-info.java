/** Configuration that refers to classes of Boot 3 which are elsewhere in Boot 4. */
@NullMarked
package dev.lockstep.spring.boot3;

import org.jspecify.annotations.NullMarked;
