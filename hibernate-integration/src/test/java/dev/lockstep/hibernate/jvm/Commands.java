package dev.lockstep.hibernate.jvm;

import dev.lockstep.hibernate.model.Attachment;
import dev.lockstep.hibernate.model.Country;
import dev.lockstep.hibernate.model.Memo;
import dev.lockstep.hibernate.model.Note;
import dev.lockstep.hibernate.model.Pauses;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import java.util.TreeSet;
import java.util.function.Function;
import org.hibernate.Session;
import org.hibernate.SessionFactory;
import org.hibernate.Version;
import org.hibernate.stat.CacheRegionStatistics;

/** The commands that a test sends to a JVM. Thread-safe. */
final class Commands {

    /** Followed by what is written: the transaction has ended; what it has locked is still locked. */
    static final String COMMITTED = "committed-";
    /** Likewise: all has been sent to the database; it is not committed. */
    static final String FLUSHED = "flushed-";
    /** The transaction has asked the database for something else. */
    static final String BEGUN = "begun";

    private final SessionFactory factory;

    Commands(SessionFactory factory) {
        this.factory = factory;
    }

    /** @param words the command and its arguments */
    String run(String... words) throws Exception {
        return switch (words[0]) {
            case "read" -> in(session -> text(session.find(Note.class, id(words))));
            case "memo" ->
                in(session -> {
                    Memo memo = session.find(Memo.class, id(words));
                    return memo == null ? "none" : memo.text;
                });
            case "country" -> in(session -> session.find(Country.class, id(words)).name);
            case "attached" -> in(session -> ((Country) session.find(Attachment.class, id(words)).target).name);
            case "attachedCached" -> Boolean.toString(factory.getCache().containsEntity(Attachment.class, id(words)));
            case "tags" -> in(session -> new TreeSet<>(session.find(Note.class, id(words)).tags).toString());
            case "code" ->
                in(session -> text(
                        session.byNaturalId(Note.class).using("code", words[1]).load()));
            case "database" ->
                in(session -> {
                    Object found = session.createNativeQuery("select text from Note where id = :id", String.class)
                            .setParameter("id", id(words))
                            .uniqueResult();
                    return found == null ? "none" : found.toString();
                });
            case "query" ->
                in(session -> session.createQuery(
                                "select n.text from Note n where n.id < 100 order by n.id", String.class)
                        .setCacheable(true)
                        .list()
                        .toString());
            case "list" ->
                in(session -> session.createQuery("from Note n order by n.id", Note.class).list().stream()
                        .map(note -> note.text)
                        .toList()
                        .toString());
            case "write" -> write(words);
            case "recode" -> in(session -> session.find(Note.class, id(words)).code = words[2]);
            case "tag" ->
                in(session -> {
                    session.find(Note.class, id(words)).tags.add(words[2]);
                    return "done";
                });
            case "rewrite" -> in(session -> session.find(Memo.class, id(words)).text = words[2]);
            case "insert" -> in(session -> insert(session, words));
            case "delete" ->
                in(session -> {
                    session.remove(session.find(Note.class, id(words)));
                    return "done";
                });
            case "bulk" -> bulk(words);
            case "stateless" -> stateless(words);
            case "late" ->
                in(session -> {
                    session.createNativeQuery("select count(*) from Country", Long.class)
                            .uniqueResult();
                    Pauses.at(BEGUN);
                    return text(session.find(Note.class, id(words)));
                });
            case "evict" -> {
                factory.getCache().evictEntityData(Note.class, id(words));
                yield "done";
            }
            case "evictAll" -> {
                factory.getCache().evictEntityData(Note.class);
                yield "done";
            }
            case "cached" -> Boolean.toString(factory.getCache().containsEntity(Note.class, id(words)));
            case "compare" -> compare(Integer.parseInt(words[1]));
            case "statistics" -> statistics(words[1]);
            case "version" -> Version.getVersionString();
            case "storm" -> new Storm(factory, words).run();
            case "arm" -> {
                Pauses.arm(words[1]);
                yield "done";
            }
            case "reached" -> {
                Pauses.awaitReached(words[1]);
                yield "done";
            }
            case "open" -> {
                Pauses.open(words[1]);
                yield "done";
            }
            default -> throw new IllegalArgumentException(words[0]);
        };
    }

    private static Long id(String... words) {
        return Long.valueOf(words[1]);
    }

    private static String text(Note note) {
        return note == null ? "none" : note.text;
    }

    private String write(String... words) {
        return in(session -> {
            pauseAtTheEnd(session, COMMITTED + words[1]);
            session.find(Note.class, id(words)).text = words[2];
            session.flush();
            Pauses.at(FLUSHED + words[1]);
            return "done";
        });
    }

    /** Before Hibernate tells the cache. */
    private static void pauseAtTheEnd(Session session, String point) {
        session.getTransaction().registerSynchronization(new Synchronization() {
            @Override
            public void beforeCompletion() {}

            @Override
            public void afterCompletion(int status) {
                if (status == Status.STATUS_COMMITTED) {
                    Pauses.at(point);
                }
            }
        });
    }

    private static String insert(Session session, String... words) {
        Note note = new Note();
        note.id = id(words);
        note.code = "code-" + note.id;
        note.text = words[2];
        session.persist(note);
        return "done";
    }

    private String bulk(String... words) {
        return in(session -> {
            pauseAtTheEnd(session, COMMITTED + "bulk");
            int changed = session.createMutationQuery("update Note set text = :text")
                    .setParameter("text", words[1])
                    .executeUpdate();
            Pauses.at(FLUSHED + "bulk");
            return Integer.toString(changed);
        });
    }

    private String stateless(String... words) {
        return factory.fromStatelessTransaction(session -> {
            Note note = session.get(Note.class, id(words));
            note.text = words[2];
            session.update(note);
            return "done";
        });
    }

    /** The notes of which the cache says something else than the database. */
    private String compare(int notes) {
        StringBuilder different = new StringBuilder();
        for (long id = Storm.FIRST; id < Storm.FIRST + notes; id++) {
            long wanted = id;
            String cached = in(session -> text(session.find(Note.class, wanted)));
            String stored =
                    in(session -> session.createNativeQuery("select text from Note where id = :id", String.class)
                            .setParameter("id", wanted)
                            .getSingleResult());
            if (!cached.equals(stored)) {
                different
                        .append("note ")
                        .append(id)
                        .append(" is ")
                        .append(stored)
                        .append(", cached is ")
                        .append(cached)
                        .append("; ");
            }
        }
        return different.isEmpty() ? "same" : different.toString();
    }

    private String statistics(String region) {
        CacheRegionStatistics found = factory.getStatistics().getCacheRegionStatistics(region);
        return found == null
                ? "none"
                : found.getHitCount() + " hits, " + found.getMissCount() + " misses, " + found.getPutCount() + " puts";
    }

    private String in(Function<Session, String> work) {
        return factory.fromTransaction(work::apply);
    }
}
