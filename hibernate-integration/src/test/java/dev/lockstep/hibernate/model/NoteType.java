package dev.lockstep.hibernate.model;

import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import org.hibernate.engine.spi.SharedSessionContractImplementor;
import org.hibernate.type.descriptor.WrapperOptions;
import org.hibernate.usertype.UserType;
import org.jspecify.annotations.Nullable;

/** A text that can be held up when it has been read from the database, and when it is written to a cache. */
public final class NoteType implements UserType<String> {

    /** The row has been read; it has not been put into the cache. */
    public static final String LOADED = "loaded";
    /** Marks a marshalled entry; nothing has been put there. */
    public static final String MARSHALLED = "marshalled";

    /** As it is in the cache. */
    private static final class Cached implements Serializable {

        private static final long serialVersionUID = 1;

        private final String text;

        Cached(String text) {
            this.text = text;
        }

        private void writeObject(ObjectOutputStream out) throws IOException {
            Pauses.at(MARSHALLED);
            out.defaultWriteObject();
        }
    }

    @Override
    public int getSqlType() {
        return Types.VARCHAR;
    }

    @Override
    public Class<String> returnedClass() {
        return String.class;
    }

    @Override
    public boolean equals(@Nullable String one, @Nullable String other) {
        return one == null ? other == null : one.equals(other);
    }

    @Override
    public int hashCode(String text) {
        return text.hashCode();
    }

    @Override
    @SuppressWarnings("removal")
    public @Nullable String nullSafeGet(
            ResultSet row, int position, SharedSessionContractImplementor session, @Nullable Object owner)
            throws SQLException {
        return read(row, position);
    }

    /** Only in 7.x. */
    @Override
    public @Nullable String nullSafeGet(ResultSet row, int position, WrapperOptions options) throws SQLException {
        return read(row, position);
    }

    private static @Nullable String read(ResultSet row, int position) throws SQLException {
        String text = row.getString(position);
        Pauses.at(LOADED);
        return text;
    }

    @Override
    @SuppressWarnings("removal")
    public void nullSafeSet(
            PreparedStatement statement, @Nullable String text, int position, SharedSessionContractImplementor session)
            throws SQLException {
        statement.setString(position, text);
    }

    /** Only in 7.x. */
    @Override
    public void nullSafeSet(PreparedStatement statement, @Nullable String text, int position, WrapperOptions options)
            throws SQLException {
        statement.setString(position, text);
    }

    @Override
    public String deepCopy(String text) {
        return text;
    }

    @Override
    public boolean isMutable() {
        return false;
    }

    @Override
    public Serializable disassemble(String text) {
        return new Cached(text);
    }

    @Override
    public String assemble(Serializable cached, Object owner) {
        return ((Cached) cached).text;
    }
}
