package dev.pinnedstore.pager;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * Each behaviour that the original's tests show, and each of its defects, has the counterparts that
 * {@code original-behaviours.csv} names.
 */
class CounterpartsTest {
  private static final int ORIGINAL_TESTS = 167;

  @Test
  void everyBehaviourOfTheOriginalHasTestsThatExist() throws Exception {
    int tests = 0;
    for (String line : lines()) {
      String[] fields = line.split("; ");
      assertThat(fields).as(line).hasSize(3);
      tests += Integer.parseInt(fields[0]);
      for (String counterpart : fields[2].split(" ")) {
        assertThat(isTest(counterpart)).as(counterpart).isTrue();
      }
    }
    assertThat(tests).isEqualTo(ORIGINAL_TESTS);
  }

  private static List<String> lines() throws Exception {
    try (InputStream in = CounterpartsTest.class.getResourceAsStream("original-behaviours.csv")) {
      return new String(in.readAllBytes(), UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .toList();
    }
  }

  private static boolean isTest(String counterpart) throws Exception {
    String[] names = counterpart.split("#");
    return Arrays.stream(Class.forName("dev.pinnedstore.pager." + names[0]).getDeclaredMethods())
        .filter(method -> method.getName().equals(names[1]))
        .anyMatch(
            method ->
                method.isAnnotationPresent(Test.class)
                    || method.isAnnotationPresent(ParameterizedTest.class));
  }
}
