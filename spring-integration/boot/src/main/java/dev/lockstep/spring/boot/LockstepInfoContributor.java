package dev.lockstep.spring.boot;

import java.util.Map;
import java.util.Objects;
import javax.cache.CacheManager;
import org.springframework.boot.actuate.info.Info;
import org.springframework.boot.actuate.info.InfoContributor;

/** Says which Lockstep the application has, and which cluster it uses, as {@code /info} of a node does of the node. */
final class LockstepInfoContributor implements InfoContributor {

    private final CacheManager manager;

    LockstepInfoContributor(CacheManager manager) {
        this.manager = manager;
    }

    @Override
    public void contribute(Info.Builder builder) {
        String version =
                dev.lockstep.jcache.LockstepCacheManager.class.getPackage().getImplementationVersion();
        builder.withDetail(
                "lockstep",
                Map.of(
                        "version",
                        Objects.requireNonNullElse(version, "(not from a jar)"),
                        "uri",
                        manager.getURI().toString()));
    }
}
