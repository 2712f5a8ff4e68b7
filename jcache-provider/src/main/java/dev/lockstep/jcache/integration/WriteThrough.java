package dev.lockstep.jcache.integration;

import java.io.Closeable;
import java.io.IOException;
import java.util.Collection;
import javax.cache.Cache;
import javax.cache.integration.CacheWriter;
import javax.cache.integration.CacheWriterException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A writer whose failures are {@link CacheWriterException}s. Thread-safe if the writer is. */
public final class WriteThrough<K, V> {

    private static final Logger LOG = LoggerFactory.getLogger(WriteThrough.class);

    private final CacheWriter<? super K, ? super V> writer;

    public WriteThrough(CacheWriter<? super K, ? super V> writer) {
        this.writer = writer;
    }

    public void write(Cache.Entry<K, V> entry) {
        guarded(() -> writer.write(entry));
    }

    public void delete(K key) {
        guarded(() -> writer.delete(key));
    }

    /** @param entries the writer removes those it has written; the rest were not written if it fails */
    @SuppressWarnings({"unchecked", "rawtypes"})
    public void writeAll(Collection<Cache.Entry<K, V>> entries) {
        guarded(() -> writer.writeAll((Collection) entries));
    }

    /** @param keys likewise */
    public void deleteAll(Collection<?> keys) {
        guarded(() -> writer.deleteAll(keys));
    }

    private static void guarded(Runnable call) {
        try {
            call.run();
        } catch (CacheWriterException known) {
            throw known;
        } catch (Throwable failure) {
            throw new CacheWriterException("The writer failed", failure);
        }
    }

    /** Closes the writer if it can be closed. */
    public void close() {
        close(writer instanceof Closeable closeable ? closeable : null);
    }

    static void close(@Nullable Closeable closeable) {
        if (closeable != null) {
            try {
                closeable.close();
            } catch (IOException failure) {
                LOG.warn("{} could not be closed", closeable.getClass().getName(), failure);
            }
        }
    }
}
