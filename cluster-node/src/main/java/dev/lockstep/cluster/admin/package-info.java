/** The admin port: meters, health and a description of the node over HTTP. The only importer of the JDK's HTTP server. */
@NullMarked
package dev.lockstep.cluster.admin;

import org.jspecify.annotations.NullMarked;
