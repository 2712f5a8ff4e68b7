/** The rules of the modules for Spring. */
package dev.lockstep.spring.architecture;
