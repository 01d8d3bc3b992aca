package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScreenTest {
  private final Stage stage = new Stage();

  @Test
  void aProblemWipesTheLineThatIsDrawn() {
    Screen screen = stage.onTerminal().screen();
    screen.draw("half way");
    screen.problem("bad");

    assertThat(stage.out()).isEqualTo("\rhalf way\r        \r");
    assertThat(stage.err().lines()).containsExactly("courier: bad");
  }

  @Test
  void aShorterLineCoversALongerOne() {
    Screen screen = stage.onTerminal().screen();
    screen.draw("long");
    screen.draw("ab");
    screen.clearBar();

    assertThat(stage.out()).isEqualTo("\rlong\rab  \r  \r");
  }

  @Test
  void nothingIsDrawnWithoutATerminal() {
    Screen screen = stage.screen();
    screen.draw("half way");
    screen.clearBar();

    assertThat(stage.out()).isEmpty();
  }

  @Test
  void aNameWithALineBreakStaysOnItsLine() {
    stage.screen().problem("a\nb\u001b[2J: no such file");

    assertThat(stage.err().lines()).containsExactly("courier: a?b?[2J: no such file");
  }

  @Test
  void nothingIsSaidOfNone() {
    stage.screen().problems("links", 0);

    assertThat(stage.err()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0    | 2048 | s [                              ]   0 % of 2.0 KiB",
        "1024 | 2048 | s [###############               ]  50 % of 2.0 KiB",
        "2048 | 2048 | s [##############################] 100 % of 2.0 KiB",
        "4096 | 2048 | s [##############################] 100 % of 2.0 KiB",
        "0    | 0    | s [##############################] 100 % of 0 B"
      })
  void progressIsAPartOfTheWhole(long done, long total, String line) {
    assertThat(Progress.line("s", done, total)).isEqualTo(line);
  }
}
