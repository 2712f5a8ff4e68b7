/** A small application. */
package dev.lockstep.spring.boot.app;
