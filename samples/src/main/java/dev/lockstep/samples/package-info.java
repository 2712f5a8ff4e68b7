/** Small runnable programs, one for each way of using Lockstep. */
package dev.lockstep.samples;
