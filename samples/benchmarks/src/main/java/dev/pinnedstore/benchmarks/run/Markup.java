package dev.pinnedstore.benchmarks.run;

import java.util.ArrayDeque;
import java.util.Deque;

/** Writes HTML and SVG: every element is closed, every text and attribute escaped. */
final class Markup {
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
    text.append(escaped(content));
    return this;
  }

  /** Writes what is markup already. */
  Markup raw(Object other) {
    text.append(other);
    return this;
  }

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
      text.append(escaped(attributes[i + 1])).append('"');
    }
  }

  private static String escaped(String content) {
    return content
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
