package dev.pinnedstore.store.shared;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.shared.Vector.Acknowledge;
import dev.pinnedstore.store.shared.Vector.Append;
import dev.pinnedstore.store.shared.Vector.Blob;
import dev.pinnedstore.store.shared.Vector.Cleanup;
import dev.pinnedstore.store.shared.Vector.Image;
import dev.pinnedstore.store.shared.Vector.Operation;
import dev.pinnedstore.store.shared.Vector.Resolved;
import dev.pinnedstore.store.shared.Vector.Snapshot;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The vectors that the original made; each file and blob is checked against its SHA-256. */
final class Vectors {
  private static final String DIRECTORY = "/vectors/";

  private Vectors() {}

  static List<Vector> all() {
    Map<?, ?> manifest =
        (Map<?, ?>) requireNonNull(Json.parse(new String(read("original-store.json"), UTF_8)));
    return maps(manifest, "vectors").map(Vectors::vector).toList();
  }

  static Vector named(String name) {
    return all().stream().filter(v -> v.name().equals(name)).findFirst().orElseThrow();
  }

  private static Vector vector(Map<?, ?> map) {
    List<Blob> blobs = maps(map, "blobs").map(Vectors::blob).toList();
    return new Vector(
        string(map, "name"),
        number(map, "chunk_size"),
        maps(map, "operations").map(operation -> operation(operation, blobs)).toList(),
        blobs,
        maps(map, "snapshots").map(Vectors::snapshot).toList());
  }

  private static Operation operation(Map<?, ?> map, List<Blob> blobs) {
    return switch (string(map, "op")) {
      case "append" -> new Append(bytes(map, blobs), string(map, "result"));
      case "ack" ->
          new Acknowledge(handle(map, "handle"), Boolean.parseBoolean(string(map, "result")));
      case "cleanup" ->
          new Cleanup(number(map, "ttl_ms"), number(map, "decay_ms"), number(map, "result"));
      default -> throw new IllegalArgumentException(map.toString());
    };
  }

  /** Long blobs are in the list of blobs only; those that were refused are zeros. */
  private static byte[] bytes(Map<?, ?> map, List<Blob> blobs) {
    String result = string(map, "result");
    byte[] bytes;
    if (map.get("data_hex") instanceof String hex) {
      bytes = HexFormat.of().parseHex(hex);
    } else if (result.startsWith("ERR")) {
      bytes = new byte[(int) number(map, "data_len")];
    } else {
      bytes =
          blobs.stream()
              .filter(b -> b.handle().toHex().equals(result))
              .findFirst()
              .orElseThrow()
              .bytes();
    }
    return checked(bytes, string(map, "data_sha256"));
  }

  private static Blob blob(Map<?, ?> map) {
    BlobHandle handle = handle((Map<?, ?>) get(map, "handle"), "hex");
    return new Blob(handle, HexFormat.of().parseHex(string(map, "data_hex")));
  }

  private static Snapshot snapshot(Map<?, ?> map) {
    return new Snapshot(
        string(map, "label"),
        (int) number(map, "after_operation"),
        maps(map, "files").map(Vectors::image).toList(),
        maps(map, "resolve").map(Vectors::resolved).toList());
  }

  private static Image image(Map<?, ?> map) {
    return new Image(
        string(map, "shm_name").substring("NS_".length()),
        checked(read(string(map, "file")), string(map, "sha256")));
  }

  private static Resolved resolved(Map<?, ?> map) {
    return new Resolved(
        handle(map, "handle"),
        (Boolean) get(map, "resolves_in_creator") && (Boolean) get(map, "data_matches"));
  }

  private static Stream<Map<?, ?>> maps(Map<?, ?> map, String name) {
    return ((List<?>) get(map, name)).stream().map(element -> (Map<?, ?>) element);
  }

  private static BlobHandle handle(Map<?, ?> map, String name) {
    return BlobHandle.fromHex(string(map, name));
  }

  private static String string(Map<?, ?> map, String name) {
    return (String) get(map, name);
  }

  private static long number(Map<?, ?> map, String name) {
    return (Long) get(map, name);
  }

  private static Object get(Map<?, ?> map, String name) {
    @Nullable Object value = map.get(name);
    return requireNonNull(value, name);
  }

  private static byte[] checked(byte[] bytes, String sha256) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      if (!HexFormat.of().formatHex(digest).equals(sha256)) {
        throw new IllegalArgumentException("not the bytes of SHA-256 " + sha256);
      }
      return bytes;
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] read(String name) {
    try (InputStream in = requireNonNull(Vectors.class.getResourceAsStream(DIRECTORY + name))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
