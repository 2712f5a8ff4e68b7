/** Tests that run on every line of Spring that is supported. */
package dev.lockstep.spring;
