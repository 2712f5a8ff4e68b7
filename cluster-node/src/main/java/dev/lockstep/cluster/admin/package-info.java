/** What a node answers over HTTP to those who look after it. The only importer of the JDK's HTTP server. */
@NullMarked
package dev.lockstep.cluster.admin;

import org.jspecify.annotations.NullMarked;
