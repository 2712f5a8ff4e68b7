/** The configuration file, read and checked: one for clients and nodes. */
@NullMarked
package dev.lockstep.protocol.settings;

import org.jspecify.annotations.NullMarked;
