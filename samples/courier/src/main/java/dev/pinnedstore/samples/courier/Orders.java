package dev.pinnedstore.samples.courier;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a producer process is told to send.
 *
 * @param files all files, in order
 * @param file the index of the first one to send
 * @param piece the index of its first piece to send
 * @param bytes how much to send at most
 * @param repeats whether to begin again after the last file, until told to stop
 */
record Orders(List<Path> files, int file, int piece, long bytes, boolean repeats) {

  void write(DataOutputStream out) throws IOException {
    out.writeInt(files.size());
    for (Path path : files) {
      // A URI keeps the bytes of a name that is no text in the encoding of the system.
      byte[] uri = path.toUri().toString().getBytes(StandardCharsets.UTF_8);
      out.writeInt(uri.length);
      out.write(uri);
    }
    out.writeInt(file);
    out.writeInt(piece);
    out.writeLong(bytes);
    out.writeBoolean(repeats);
    out.flush();
  }

  static Orders read(DataInputStream in) throws IOException {
    int count = in.readInt();
    List<Path> files = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      byte[] uri = in.readNBytes(in.readInt());
      files.add(Path.of(URI.create(new String(uri, StandardCharsets.UTF_8))));
    }
    return new Orders(files, in.readInt(), in.readInt(), in.readLong(), in.readBoolean());
  }
}
