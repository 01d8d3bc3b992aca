package dev.pinnedstore.samples.courier;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Writes XML, which is HTML and SVG as well: every element is closed, every text and attribute is
 * escaped, and what XML cannot hold is the replacement character. For one thread.
 */
final class Markup {
  private static final int REPLACEMENT = 0xFFFD;

  private final StringBuilder text = new StringBuilder();
  private final Deque<String> open = new ArrayDeque<>();

  /** Starts an element; attributes are names and values by turns. */
  Markup open(String name, String... attributes) {
    start(name, attributes);
    text.append('>');
    open.push(name);
    return this;
  }

  /** Ends the innermost element. */
  Markup close() {
    text.append("</").append(open.pop()).append(">\n");
    return this;
  }

  /** Writes an element that holds nothing. */
  Markup empty(String name, String... attributes) {
    start(name, attributes);
    text.append("/>\n");
    return this;
  }

  /** Writes an element that holds a text. */
  Markup element(String name, String content, String... attributes) {
    return open(name, attributes).text(content).close();
  }

  /** Writes a text. */
  Markup text(String content) {
    content.codePoints().forEach(this::escape);
    return this;
  }

  /** Writes what is markup already. */
  Markup raw(Markup other) {
    text.append(other);
    return this;
  }

  /** The markup. All elements are closed. */
  @Override
  public String toString() {
    if (!open.isEmpty()) {
      throw new IllegalStateException("not closed: " + open);
    }
    return text.toString();
  }

  private void start(String name, String... attributes) {
    text.append('<').append(name);
    for (int i = 0; i < attributes.length; i += 2) {
      text.append(' ').append(attributes[i]).append("=\"");
      text(attributes[i + 1]);
      text.append('"');
    }
  }

  private void escape(int point) {
    switch (point) {
      case '&' -> text.append("&amp;");
      case '<' -> text.append("&lt;");
      case '>' -> text.append("&gt;");
      case '"' -> text.append("&quot;");
      case '\'' -> text.append("&#39;");
      default -> text.appendCodePoint(isLegal(point) ? point : REPLACEMENT);
    }
  }

  /** The characters of XML 1.0, without the control characters that HTML does not take. */
  private static boolean isLegal(int point) {
    return point == '\n'
        || point == '\t'
        || (point >= 0x20 && point < 0x7F)
        || (point >= 0xA0 && point <= 0xD7FF)
        || (point >= 0xE000 && point <= REPLACEMENT)
        || point >= 0x10000;
  }
}
