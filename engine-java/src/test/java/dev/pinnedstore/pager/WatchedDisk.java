package dev.pinnedstore.pager;

import dev.pinnedstore.os.Disk;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Objects;
import java.util.function.Consumer;

/** A disk whose calls are told of by name before they are made. */
final class WatchedDisk {
  private WatchedDisk() {}

  static Disk of(Disk disk, Consumer<String> watcher) {
    return (Disk)
        Proxy.newProxyInstance(
            Disk.class.getClassLoader(),
            new Class<?>[] {Disk.class},
            (proxy, method, arguments) -> {
              watcher.accept(method.getName());
              try {
                return method.invoke(disk, arguments);
              } catch (InvocationTargetException e) {
                throw Objects.requireNonNull(e.getCause());
              }
            });
  }
}
