package dev.lockstep.jcache.cache;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import javax.cache.Cache;
import javax.cache.integration.CacheWriter;
import javax.cache.integration.CacheWriterException;

/** A writer that remembers its calls, and refuses the keys that the test names. */
final class RecordingWriter implements CacheWriter<String, Object> {

    final List<String> calls = new ArrayList<>();
    private final Set<Object> refused = new HashSet<>();

    void refuses(String key) {
        refused.add(key);
    }

    private void accept(Object key, String call) {
        if (refused.contains(key)) {
            throw new CacheWriterException("the writer refuses " + key);
        }
        calls.add(call);
    }

    @Override
    public void write(Cache.Entry<? extends String, ? extends Object> entry) {
        accept(entry.getKey(), "write " + entry.getKey() + "=" + entry.getValue());
    }

    @Override
    public void writeAll(Collection<Cache.Entry<? extends String, ? extends Object>> entries) {
        for (Iterator<Cache.Entry<? extends String, ? extends Object>> left = entries.iterator(); left.hasNext(); ) {
            write(left.next());
            left.remove();
        }
    }

    @Override
    public void delete(Object key) {
        accept(key, "delete " + key);
    }

    @Override
    public void deleteAll(Collection<?> keys) {
        for (Iterator<?> left = keys.iterator(); left.hasNext(); ) {
            delete(left.next());
            left.remove();
        }
    }
}
