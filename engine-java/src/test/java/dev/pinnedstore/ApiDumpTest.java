package dev.pinnedstore;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.module.ModuleDescriptor.Exports;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Compares what users can see of the module with {@code api/engine.api}. */
class ApiDumpTest {
  private static final String MODULE = "dev.pinnedstore.engine";
  private static final Path BASE = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
  private static final Path CLASSES = BASE.resolve("target/classes");
  private static final Path DUMP = BASE.resolve("api/engine.api");
  private static final String UPDATE = "mvn verify -Dapi.update=true";

  @Test
  void the_public_api_changes_only_on_purpose() throws Exception {
    String actual = dump();
    if (Boolean.getBoolean("api.update")) {
      Files.createDirectories(DUMP.getParent());
      Files.writeString(DUMP, actual);
    }
    assertThat(DUMP).as("the recorded API; write it with: %s", UPDATE).exists();
    assertThat(actual)
        .as("the public API differs from %s; if that is meant, run: %s", DUMP, UPDATE)
        .isEqualTo(Files.readString(DUMP));
  }

  private static String dump() throws IOException, ClassNotFoundException {
    ModuleReference module = ModuleFinder.of(CLASSES).find(MODULE).orElseThrow();
    List<String> exported =
        module.descriptor().exports().stream()
            .filter(exports -> !exports.isQualified())
            .map(Exports::source)
            .sorted()
            .toList();
    assertThat(exported).as("exported packages of %s", MODULE).isNotEmpty();
    List<String> classFiles = new ArrayList<>();
    for (String name : exported) {
      classFiles.addAll(visibleClassFiles(name));
    }
    return javap(classFiles);
  }

  private static List<String> visibleClassFiles(String packageName)
      throws IOException, ClassNotFoundException {
    List<String> visible = new ArrayList<>();
    try (Stream<Path> files = Files.list(CLASSES.resolve(packageName.replace('.', '/')))) {
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        if (name.endsWith(".class") && !name.equals("package-info.class")) {
          String simpleName = name.substring(0, name.length() - ".class".length());
          if (isVisible(load(packageName + "." + simpleName))) {
            visible.add(file.toString());
          }
        }
      }
    }
    return visible;
  }

  private static Class<?> load(String name) throws ClassNotFoundException {
    return Class.forName(name, false, ApiDumpTest.class.getClassLoader());
  }

  private static boolean isVisible(Class<?> type) {
    boolean local = type.isAnonymousClass() || type.isLocalClass() || type.isSynthetic();
    boolean open =
        Modifier.isPublic(type.getModifiers()) || Modifier.isProtected(type.getModifiers());
    Class<?> outer = type.getDeclaringClass();
    return !local && open && (outer == null || isVisible(outer));
  }

  private static String javap(List<String> classFiles) {
    ToolProvider javap = ToolProvider.findFirst("javap").orElseThrow();
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] arguments =
        Stream.concat(Stream.of("-protected"), classFiles.stream()).toArray(String[]::new);
    int code = javap.run(new PrintWriter(out), new PrintWriter(err), arguments);
    assertThat(code).as("javap: %s", err).isZero();
    StringBuilder lines = new StringBuilder();
    out.toString()
        .lines()
        .filter(line -> !line.startsWith("Compiled from "))
        .forEach(line -> lines.append(line).append('\n'));
    return lines.toString();
  }
}
