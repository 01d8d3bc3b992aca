package dev.pinnedstore.store.shared;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.pinnedstore.store.BlobHandle;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Lets a {@link Peer} be spoken to over standard input and output, a line each way.
 *
 * <pre>
 *  create NAMESPACE CHUNK_SIZE MAX_CHUNKS   OK
 *  attach NAMESPACE                         OK
 *  append HEX                               the handle's 48 digits
 *  resolve HANDLE                           HEX, or NONE
 *  ack HANDLE                               true or false
 *  cleanup TTL_MS DECAY_MS                  chunks freed
 *  quit                                     OK, after closing
 * </pre>
 *
 * <p>What is refused is answered with {@code ERR} and the exception's message. {@code MAX_CHUNKS}
 * is -1 for no limit. At the end of input the process ends without closing.
 */
final class PeerLines {
  static final String OK = "OK";
  static final String NONE = "NONE";
  static final String ERROR = "ERR ";

  /** Makes the peer that the first line asks for. */
  interface Opener {
    Peer create(String namespace, long chunkSize, int maxChunks);

    Peer attach(String namespace);
  }

  private final Opener opener;
  private @Nullable Peer peer;

  private PeerLines(Opener opener) {
    this.opener = opener;
  }

  static void serve(Opener opener) throws IOException {
    PeerLines lines = new PeerLines(opener);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    String line = in.readLine();
    while (line != null) {
      System.out.println(lines.answer(line.split(" ", -1)));
      line = line.equals("quit") ? null : in.readLine();
    }
  }

  private String answer(String[] words) {
    try {
      return switch (words[0]) {
        case "create" -> {
          peer = opener.create(words[1], Long.parseLong(words[2]), Integer.parseInt(words[3]));
          yield OK;
        }
        case "attach" -> {
          peer = opener.attach(words[1]);
          yield OK;
        }
        case "append" -> peer().append(HexFormat.of().parseHex(words[1])).toHex();
        case "resolve" -> {
          byte[] blob = peer().resolve(BlobHandle.fromHex(words[1]));
          yield blob == null ? NONE : HexFormat.of().formatHex(blob);
        }
        case "ack" -> "" + peer().acknowledge(BlobHandle.fromHex(words[1]));
        case "cleanup" -> "" + peer().cleanup(Long.parseLong(words[1]), Long.parseLong(words[2]));
        case "quit" -> {
          if (peer != null) {
            peer.close();
          }
          yield OK;
        }
        default -> ERROR + "no such command: " + words[0];
      };
    } catch (RuntimeException e) {
      return ERROR + e.getMessage();
    }
  }

  private Peer peer() {
    return requireNonNull(peer, "create or attach first");
  }
}
