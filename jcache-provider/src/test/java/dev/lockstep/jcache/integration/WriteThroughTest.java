package dev.lockstep.jcache.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.cache.LockstepEntry;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import javax.cache.Cache;
import javax.cache.integration.CacheWriter;
import javax.cache.integration.CacheWriterException;
import org.junit.jupiter.api.Test;

/** Writing as JSR-107's {@link CacheWriter} describes it: failures are {@link CacheWriterException}s, what is left was not written. */
class WriteThroughTest {

    /** Takes entries and keys one by one until it has to fail. */
    private static final class Database implements CacheWriter<String, String>, Closeable {

        private final List<String> calls = new ArrayList<>();
        private RuntimeException failure;
        private int room = Integer.MAX_VALUE;
        private boolean closed;

        @Override
        public void write(Cache.Entry<? extends String, ? extends String> entry) {
            accept(entry.getKey() + "=" + entry.getValue());
        }

        @Override
        public void delete(Object key) {
            accept("-" + key);
        }

        private void accept(String call) {
            if (calls.size() == room) {
                throw failure;
            }
            calls.add(call);
        }

        @Override
        public void writeAll(Collection<Cache.Entry<? extends String, ? extends String>> entries) {
            for (Iterator<Cache.Entry<? extends String, ? extends String>> left = entries.iterator();
                    left.hasNext(); ) {
                write(left.next());
                left.remove();
            }
        }

        @Override
        public void deleteAll(Collection<?> keys) {
            for (Iterator<?> left = keys.iterator(); left.hasNext(); ) {
                delete(left.next());
                left.remove();
            }
        }

        @Override
        public void close() throws IOException {
            closed = true;
            throw new IOException("the database is gone");
        }
    }

    private final Database database = new Database();
    private final WriteThrough<String, String> writer = new WriteThrough<>(database);

    @Test
    void entriesAndKeysReachTheWriter() {
        writer.write(new LockstepEntry<>("a", "1"));
        writer.delete("b");
        writer.writeAll(new ArrayList<>(List.of(new LockstepEntry<>("c", "3"))));
        writer.deleteAll(new ArrayList<>(List.of("d")));

        assertThat(database.calls).containsExactly("a=1", "-b", "c=3", "-d");
    }

    @Test
    void anyFailureBecomesACacheWriterException() {
        database.room = 0;
        database.failure = new IllegalStateException("no connection");

        assertThatThrownBy(() -> writer.write(new LockstepEntry<>("a", "1")))
                .isInstanceOf(CacheWriterException.class)
                .hasCause(database.failure);
        assertThatThrownBy(() -> writer.delete("a"))
                .isInstanceOf(CacheWriterException.class)
                .hasCause(database.failure);
    }

    @Test
    void aCacheWriterExceptionIsNotWrapped() {
        database.room = 0;
        database.failure = new CacheWriterException("known");

        assertThatThrownBy(() -> writer.delete("a")).isSameAs(database.failure);
    }

    @Test
    void afterAFailureThoseThatWereNotWrittenAreLeftInTheCallersCollection() {
        database.room = 1;
        database.failure = new IllegalStateException("no room");
        Collection<Cache.Entry<String, String>> entries =
                new ArrayList<>(List.of(new LockstepEntry<>("a", "1"), new LockstepEntry<>("b", "2")));

        assertThatThrownBy(() -> writer.writeAll(entries)).isInstanceOf(CacheWriterException.class);
        assertThat(entries).extracting(Cache.Entry::getKey).containsExactly("b");

        Collection<String> keys = new ArrayList<>(List.of("c"));
        assertThatThrownBy(() -> writer.deleteAll(keys)).isInstanceOf(CacheWriterException.class);
        assertThat(keys).containsExactly("c");
    }

    @Test
    void closeClosesAWriterThatCanBeClosedAndOutlivesItsFailure() {
        writer.close();

        assertThat(database.closed).isTrue();
    }
}
