/** A cluster of processes that grows, shrinks and is restarted under load, by the operator's commands, while nodes die. */
@NullMarked
package dev.lockstep.system.elastic;

import org.jspecify.annotations.NullMarked;
