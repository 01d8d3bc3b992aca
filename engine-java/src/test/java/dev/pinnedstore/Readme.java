package dev.pinnedstore;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** README.md as its tests see it: blocks of code, tables, and the messages of the FAQ. */
public final class Readme {
  private static final Pattern BLOCK =
      Pattern.compile("^```(\\w*)\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);
  private static final Pattern MESSAGE = Pattern.compile("\\*\\*`(.+?)`\\*\\*");

  private final String text;

  private Readme(String text) {
    this.text = text;
  }

  /** Reads the README of this repository. */
  public static Readme read() {
    return new Readme(content(root().resolve("README.md")));
  }

  /** The root of the repository, from the folder of a module or from the root itself. */
  public static Path root() {
    Path start = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    for (Path folder = start; folder != null; folder = folder.getParent()) {
      if (Files.exists(folder.resolve("engine-java/pom.xml"))) {
        return folder;
      }
    }
    throw new IllegalStateException("no engine-java/pom.xml above " + start);
  }

  /** The whole text. */
  public String text() {
    return text;
  }

  /** The fenced blocks of a language, without indentation. */
  public List<String> blocks(String language) {
    return BLOCK
        .matcher(text)
        .results()
        .filter(block -> block.group(1).equals(language))
        .map(block -> code(block.group(2)))
        .toList();
  }

  private static String code(String lines) {
    // Before the indentation goes: a last line without any would count.
    return lines.stripTrailing().stripIndent();
  }

  /** The text under a heading of any level, up to the next heading of any level. */
  public String section(String heading) {
    Matcher section =
        Pattern.compile("^#+ " + Pattern.quote(heading) + "\\n(.*?)(?=^#|\\z)", BLOCK.flags())
            .matcher(text);
    if (!section.find()) {
      throw new IllegalArgumentException("README.md has no section " + heading);
    }
    return section.group(1);
  }

  /** The messages in bold code that an FAQ section explains. */
  public List<String> messages(String heading) {
    return MESSAGE.matcher(section(heading)).results().map(found -> found.group(1)).toList();
  }

  /** The rows of the table whose first row contains a word, without code marks. */
  public List<List<String>> table(String wordInHead) {
    List<List<String>> rows = new ArrayList<>();
    boolean inside = false;
    for (String line : text.lines().toList()) {
      if (!line.startsWith("|")) {
        inside = false;
      } else if (inside && !line.startsWith("|---")) {
        rows.add(cells(line));
      } else if (line.contains(wordInHead)) {
        inside = true;
      }
    }
    return rows;
  }

  private static List<String> cells(String row) {
    return Arrays.stream(row.substring(1).split("\\|"))
        .map(cell -> cell.replace("`", "").strip())
        .toList();
  }

  /** A pattern of the FAQ, in which an ellipsis stands for any value. */
  public static Pattern pattern(String message) {
    return Pattern.compile(
        Arrays.stream(message.split("…", -1)).map(Pattern::quote).collect(Collectors.joining(".+")),
        Pattern.DOTALL);
  }

  /** The marked regions of a source file, without indentation. */
  public static List<String> regions(Path source) {
    return Pattern.compile(
            "^ *// @start region=\"\\w+\"\\n(.*?)^ *// @end$", Pattern.MULTILINE | Pattern.DOTALL)
        .matcher(content(source))
        .results()
        .map(region -> code(region.group(1)))
        .toList();
  }

  private static String content(Path file) {
    try {
      return Files.readString(file).replace("\r\n", "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
