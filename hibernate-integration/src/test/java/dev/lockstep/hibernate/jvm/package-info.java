/** JVMs of their own that use Hibernate, told what to do by a test. */
@NullMarked
package dev.lockstep.hibernate.jvm;

import org.jspecify.annotations.NullMarked;
