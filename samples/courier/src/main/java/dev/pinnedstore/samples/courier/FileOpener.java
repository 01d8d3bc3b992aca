package dev.pinnedstore.samples.courier;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Opens a file for reading. */
@FunctionalInterface
interface FileOpener {
  /** Opens files where they are; a link that has taken the place of a file is an error. */
  FileOpener OF_FILES =
      file -> Files.newByteChannel(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);

  /** Opens a file at its first byte; the caller closes the channel. */
  SeekableByteChannel open(Path file) throws IOException;
}
