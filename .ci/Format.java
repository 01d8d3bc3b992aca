import java.io.File;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Checks or rewrites the format of every Java and Kotlin source below the working directory.
 *
 * <p>Usage: {@code java .ci/Format.java check|write JARS}, where {@code JARS} holds the two
 * formatters. Exits with 1 when a check finds something.
 */
final class Format {
  private static final Set<String> SKIPPED_DIRECTORIES = Set.of("target", ".git", ".idea");

  private Format() {}

  static void main(String[] args) throws IOException, InterruptedException {
    boolean write = args[0].equals("write");
    Path jars = Path.of(args[1]);
    var clean = true;
    List<String> java = sources(".java");
    if (!java.isEmpty()) {
      List<String> options =
          write ? List.of("--replace") : List.of("--dry-run", "--set-exit-if-changed");
      clean = run(jars.resolve("google-java-format.jar"), options, java);
    }
    List<String> kotlin = sources(".kt");
    if (!kotlin.isEmpty()) {
      List<String> options = new ArrayList<>(List.of("--log-level=error", "--relative"));
      if (write) {
        options.add("--format");
      }
      clean &= run(jars.resolve("ktlint.jar"), options, kotlin);
    }
    if (!clean) {
      System.err.println(
          write
              ? "Some of the above must be corrected by hand."
              : "The files above are not formatted. Run: mvn -N -Pformat verify");
      System.exit(1);
    }
  }

  private static List<String> sources(String suffix) throws IOException {
    List<String> found = new ArrayList<>();
    Files.walkFileTree(
        Path.of(""),
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            return SKIPPED_DIRECTORIES.contains(dir.getFileName().toString())
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(suffix)) {
              found.add(file.toString().replace(File.separatorChar, '/'));
            }
            return FileVisitResult.CONTINUE;
          }
        });
    found.sort(null);
    return found;
  }

  private static boolean run(Path jar, List<String> options, List<String> files)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // ktlint reads Unsafe, and the JVM warns of it.
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.add("-jar");
    command.add(jar.toString());
    command.addAll(options);
    command.addAll(files);
    return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
  }
}
