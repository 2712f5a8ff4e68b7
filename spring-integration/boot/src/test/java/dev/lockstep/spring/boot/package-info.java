/** Tests that run on every line of Boot that is supported. */
package dev.lockstep.spring.boot;
