package dev.pinnedstore.store.shared;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pinnedstore.store.PinnedStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tmpfs of 1 MiB, in a mount namespace of the child's own. */
class TinyFileSystemTest {
  private static final String MOUNT = "mount -t tmpfs -o size=1m,mode=700 tmpfs ";

  @TempDir Path directory;

  @Test
  void aFullFileSystemIsRefusedWithItsSizesAndNothingIsLost() throws Exception {
    assumeTrue(mayMount(), "needs the right to mount a tmpfs in a mount namespace of its own");
    boolean granted = PinnedStore.class.getModule().isNativeAccessEnabled();
    List<String> java =
        PeerProcess.command(TinyFileSystem.class, granted, directory.toString()).command();
    Process child =
        new ProcessBuilder(shell(MOUNT + directory + " && exec " + String.join(" ", java)))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String printed = new String(child.getInputStream().readAllBytes(), UTF_8);
    assertThat(child.waitFor()).as("%s", printed).isZero();
    assertThat(printed.lines())
        .containsExactly(
            "fill some=true whole=true sizes=true",
            "small refused=true whole=true again=null",
            "open refused=1048576 again=true",
            "ids refused=50 taken=0",
            "left 0");
  }

  private boolean mayMount() throws InterruptedException {
    try {
      return new ProcessBuilder(shell(MOUNT + directory)).start().waitFor() == 0;
    } catch (IOException _) {
      // There is no such command.
      return false;
    }
  }

  private static List<String> shell(String command) {
    List<String> words = new ArrayList<>(List.of("unshare", "-m", "sh", "-c"));
    words.add(command);
    return words;
  }
}
