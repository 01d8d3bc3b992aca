package dev.pinnedstore.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The JVM keeps an eighth of the mappings that a process may have. */
@Tag("contract")
class MappingBudgetTest {
  @TempDir Path proc;

  @Test
  void refusesAtSevenEighthsOfTheLimit() throws Exception {
    plant(80, 60);
    MappingBudget budget = new MappingBudget(proc);
    for (int i = 60; i < 70; i++) {
      budget.take();
    }
    plant(80, 70);
    assertThatThrownBy(budget::take)
        .isInstanceOfSatisfying(
            MappingFailedException.class, e -> assertThat(e.limit()).isEqualTo(Limit.MAP_COUNT))
        .hasMessageContaining("mappings=70")
        .hasMessageContaining("vm.max_map_count");
  }

  @Test
  void noticesWhatWasUnmapped() throws Exception {
    plant(80, 69);
    MappingBudget budget = new MappingBudget(proc);
    budget.take();
    plant(80, 65);
    for (int i = 65; i < 70; i++) {
      budget.take();
    }
    plant(80, 70);
    assertThatThrownBy(budget::take).isInstanceOf(MappingFailedException.class);
  }

  @Test
  void refusesNothingWhereNothingIsKnown() {
    MappingBudget budget = new MappingBudget(proc);
    assertThatCode(budget::take).doesNotThrowAnyException();
  }

  private void plant(int limit, int mappings) throws IOException {
    Path vm = Files.createDirectories(proc.resolve("sys/vm"));
    Files.writeString(vm.resolve("max_map_count"), limit + "\n");
    Path self = Files.createDirectories(proc.resolve("self"));
    Files.writeString(self.resolve("maps"), "7f00-7f01 rw-p\n".repeat(mappings));
  }
}
