package dev.lockstep.cluster.consensus.ratis.transport;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.function.Function;

/** Plays the large roles of Ratis of which a test needs a few words. Stateless. */
public final class ScriptedRatisServer {

    private ScriptedRatisServer() {}

    /** @param answers by the method's name, from its arguments; everything else is unsupported */
    public static <T> T role(Class<T> role, Map<String, Function<Object[], Object>> answers) {
        InvocationHandler player = (self, method, arguments) -> {
            Function<Object[], Object> answer = answers.get(method.getName());
            if (answer == null) {
                throw new UnsupportedOperationException(role.getSimpleName() + "." + method.getName());
            }
            return answer.apply(arguments);
        };
        return role.cast(Proxy.newProxyInstance(role.getClassLoader(), new Class<?>[] {role}, player));
    }
}
