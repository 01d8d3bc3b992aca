package dev.pinnedstore.samples.courier;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The regular files below a directory, sorted, as they were when it was searched. Links are not
 * followed, so there are no loops; pipes, sockets and devices are left out.
 *
 * @param root the directory
 * @param files the files
 * @param bytes how much is in them
 * @param unreadable how many directories and files could not even be looked at
 */
record FileList(Path root, List<Path> files, long bytes, int unreadable) {

  /** Searches a directory. What cannot be searched or is left out goes to the screen. */
  static FileList scan(Path root, Screen screen) throws IOException {
    Search search = new Search(screen);
    Files.walkFileTree(root, search);
    search.files.sort(null);
    screen.problems("symbolic links not followed", search.links);
    screen.problems("special files left out", search.special);
    return new FileList(root, List.copyOf(search.files), search.bytes, search.unreadable);
  }

  private static final class Search extends SimpleFileVisitor<Path> {
    private final Screen screen;
    private final List<Path> files = new ArrayList<>();
    private long bytes;
    private int links;
    private int special;
    private int unreadable;

    Search(Screen screen) {
      this.screen = screen;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if (attributes.isRegularFile()) {
        files.add(file);
        bytes += attributes.size();
      } else if (attributes.isSymbolicLink()) {
        links++;
      } else {
        special++;
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) {
      return unreadable(file, failure);
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure) {
      return failure == null ? FileVisitResult.CONTINUE : unreadable(directory, failure);
    }

    private FileVisitResult unreadable(Path path, IOException failure) {
      unreadable++;
      screen.problem(path + ": " + Reasons.of(failure));
      return FileVisitResult.CONTINUE;
    }
  }
}
