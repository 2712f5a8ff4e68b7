package dev.lockstep.hibernate.jvm;

import dev.lockstep.hibernate.model.Note;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.hibernate.Session;
import org.hibernate.SessionFactory;

/** Some threads that read and change a few notes at random. Failed operations are rolled back, and counted. */
final class Storm {

    /** The first of the notes that are used. */
    static final long FIRST = 51;

    private final SessionFactory factory;
    private final long seed;
    private final String name;
    private final int threads;
    private final int operations;
    private final int notes;

    /** @param words storm, seed, name, threads, operations of each, notes */
    Storm(SessionFactory factory, String... words) {
        this.factory = factory;
        this.seed = Long.parseLong(words[1]);
        this.name = words[2];
        this.threads = Integer.parseInt(words[3]);
        this.operations = Integer.parseInt(words[4]);
        this.notes = Integer.parseInt(words[5]);
    }

    /** Runs it and reports the number of failed operations. */
    String run() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<Integer>> running = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                int number = thread;
                running.add(pool.submit(() -> thread(number)));
            }
            int failed = 0;
            for (Future<Integer> one : running) {
                failed += one.get();
            }
            return Integer.toString(failed);
        } finally {
            pool.shutdown();
        }
    }

    private int thread(int number) {
        Random random = new Random(seed * 31 + number);
        int failed = 0;
        for (int i = 0; i < operations; i++) {
            try {
                operation(random, name + "." + number + "." + i);
            } catch (RuntimeException rolledBack) {
                failed++;
            }
        }
        return failed;
    }

    private void operation(Random random, String text) {
        long id = FIRST + random.nextInt(notes);
        int dice = random.nextInt(100);
        if (dice < 55) {
            factory.inTransaction(session -> session.find(Note.class, id));
        } else if (dice < 85) {
            factory.inTransaction(session -> change(session, id, text));
        } else if (dice < 92) {
            factory.getCache().evictEntityData(Note.class, id);
        } else if (dice < 95) {
            factory.inTransaction(
                    session -> session.createQuery("from Note", Note.class).list());
        } else if (dice < 98) {
            factory.inTransaction(session -> {
                change(session, id, text + ".never");
                session.flush();
                session.getTransaction().setRollbackOnly();
            });
        } else {
            factory.inTransaction(session -> session.createMutationQuery("update Note set text = :text where id = :id")
                    .setParameter("text", text)
                    .setParameter("id", id)
                    .executeUpdate());
        }
    }

    private static void change(Session session, long id, String text) {
        session.find(Note.class, id).text = text;
    }
}
