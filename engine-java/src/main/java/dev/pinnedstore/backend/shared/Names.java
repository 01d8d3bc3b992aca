package dev.pinnedstore.backend.shared;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * The files of a namespace NS in its directory: {@code NS_ctrl}, {@code NS_data_ID}, and what the
 * original does not have: {@code NS_lock}, {@code NS_acks_ID}, and {@code NS_making_N} while a file
 * is made. Ids are decimal and unsigned.
 *
 * @param directory where they are
 * @param namespace what they begin with
 */
public record Names(Path directory, String namespace) {
  /** The longest name of a namespace, in bytes of UTF-8. */
  public static final int MAX_BYTES = 200;

  /**
   * Says whether a namespace may be called so.
   *
   * @param namespace the name
   * @return true for 1 to 200 bytes without a slash and NUL, other than one or two dots
   */
  public static boolean isLegal(String namespace) {
    int bytes = namespace.getBytes(StandardCharsets.UTF_8).length;
    return bytes >= 1
        && bytes <= MAX_BYTES
        && namespace.indexOf('/') < 0
        && namespace.indexOf('\0') < 0
        && !namespace.equals(".")
        && !namespace.equals("..");
  }

  Path control() {
    return path("ctrl");
  }

  Path lock() {
    return path("lock");
  }

  Path data(int id) {
    return path("data_" + Integer.toUnsignedString(id));
  }

  Path records(int id) {
    return path("acks_" + Integer.toUnsignedString(id));
  }

  Path making(int slot) {
    return path("making_" + slot);
  }

  /** For the records of a chunk that the original made. */
  Path makingRecords(int slot) {
    return path("making_" + (PeersLayout.SLOTS + slot));
  }

  String prefix() {
    return namespace + "_";
  }

  /** The chunk whose data file has this name, if it is one of this namespace. */
  OptionalInt chunkOf(String name) {
    return number(name, "data_");
  }

  /** Whether a file of that name is one of this namespace, other than its lock file. */
  boolean isOwn(String name) {
    return name.equals(prefix() + "ctrl")
        || number(name, "data_").isPresent()
        || number(name, "acks_").isPresent()
        || number(name, "making_").isPresent();
  }

  private OptionalInt number(String name, String kind) {
    String start = prefix() + kind;
    String digits = name.startsWith(start) ? name.substring(start.length()) : "";
    if (digits.isEmpty() || digits.length() > 10 || !digits.chars().allMatch(Names::isDigit)) {
      return OptionalInt.empty();
    }
    long value = Long.parseLong(digits);
    boolean canonical = Long.toString(value).equals(digits) && value <= 0xFFFF_FFFFL;
    return canonical ? OptionalInt.of((int) value) : OptionalInt.empty();
  }

  private static boolean isDigit(int character) {
    return character >= '0' && character <= '9';
  }

  private Path path(String kind) {
    return directory.resolve(prefix() + kind);
  }
}
