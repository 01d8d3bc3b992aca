package dev.pinnedstore.benchmarks;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Results as JSON. */
final class Json {
  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().serializeSpecialFloatingPointValues().create();

  private Json() {}

  static void write(Path file, Object value) throws IOException {
    Files.writeString(file, GSON.toJson(value) + "\n");
  }
}
