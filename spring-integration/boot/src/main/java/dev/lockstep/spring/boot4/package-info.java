/** Configuration that refers to classes of Boot 4 which are elsewhere in Boot 3. */
@NullMarked
package dev.lockstep.spring.boot4;

import org.jspecify.annotations.NullMarked;
