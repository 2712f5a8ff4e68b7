package dev.lockstep.hibernate.model;

import jakarta.persistence.Cacheable;
import jakarta.persistence.CollectionTable;
import jakarta.persistence.Column;
import jakarta.persistence.ElementCollection;
import jakarta.persistence.Entity;
import jakarta.persistence.FetchType;
import jakarta.persistence.Id;
import java.util.HashSet;
import java.util.Set;
import org.hibernate.annotations.Cache;
import org.hibernate.annotations.CacheConcurrencyStrategy;
import org.hibernate.annotations.NaturalId;
import org.hibernate.annotations.NaturalIdCache;
import org.hibernate.annotations.Type;

/** Without a version of its own, so that nothing but the cache decides what is newer. */
@Entity
@Cacheable
@NaturalIdCache
@Cache(usage = CacheConcurrencyStrategy.READ_WRITE)
public class Note {

    @Id
    public Long id = 0L;

    @Type(NoteType.class)
    @Column(length = 100)
    public String text = "";

    @NaturalId(mutable = true)
    public String code = "";

    @ElementCollection(fetch = FetchType.LAZY)
    @CollectionTable(name = "note_tag")
    @Cache(usage = CacheConcurrencyStrategy.READ_WRITE)
    public Set<String> tags = new HashSet<>();
}
