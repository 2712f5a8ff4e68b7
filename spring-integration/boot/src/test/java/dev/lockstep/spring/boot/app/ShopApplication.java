package dev.lockstep.spring.boot.app;

import org.springframework.boot.autoconfigure.SpringBootApplication;

/** An application with cached methods, and nothing that says how. */
@SpringBootApplication
public class ShopApplication {}
