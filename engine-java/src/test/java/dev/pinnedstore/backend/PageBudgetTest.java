package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PageBudgetTest {
  @Test
  void refusesBeyondThePagesAndSaysSo() {
    PageBudget budget = new PageBudget(2, 1_000);
    assertThat(budget.take(1, 0)).isZero();
    assertThat(budget.take(1, 0)).isZero();
    assertThat(budget.refuses(1, 1)).isEqualTo(Codes.FULL_PAGES);
    assertThat(budget.take(1, 0)).isEqualTo(Codes.FULL_PAGES);
    assertThat(budget.pages()).isEqualTo(2);
    budget.give(1, 0);
    assertThat(budget.take(1, 0)).isZero();
  }

  @Test
  void refusesBeyondTheBytesAndTakesTheLastOne() {
    PageBudget budget = new PageBudget(10, 100);
    assertThat(budget.take(60, 0)).isZero();
    assertThat(budget.take(41, 0)).isEqualTo(Codes.FULL_BYTES);
    assertThat(budget.refuses(40, 1)).isZero();
    assertThat(budget.take(40, 0)).isZero();
    assertThat(budget.bytes()).isEqualTo(100);
    assertThat(budget.refuses(1, 1)).isEqualTo(Codes.FULL_BYTES);
  }

  @Test
  void aRefusalTakesNothing() {
    PageBudget budget = new PageBudget(1, 100);
    assertThat(budget.take(101, 7)).isEqualTo(Codes.FULL_BYTES);
    assertThat(budget.pages()).isZero();
    assertThat(budget.bytes()).isZero();
    assertThat(budget.tableBytes()).isZero();
    assertThat(budget.peakBytes()).isZero();
  }

  @Test
  void sizesNearTheEndOfLongDoNotOverflow() {
    PageBudget budget = new PageBudget(10, Long.MAX_VALUE);
    assertThat(budget.take(Long.MAX_VALUE - 1, 0)).isZero();
    assertThat(budget.take(2, 0)).isEqualTo(Codes.FULL_BYTES);
    assertThat(budget.take(1, 0)).isZero();
  }

  @Test
  void remembersThePeakAndCountsTablesApart() {
    PageBudget budget = new PageBudget(10, 100);
    budget.take(50, 5);
    budget.take(30, 3);
    assertThat(budget.tableBytes()).isEqualTo(8);
    budget.give(50, 5);
    budget.take(10, 1);
    assertThat(budget.bytes()).isEqualTo(40);
    assertThat(budget.tableBytes()).isEqualTo(4);
    assertThat(budget.peakBytes()).isEqualTo(80);
  }

  @Test
  void knowsWhetherGivingUpSpareMemoryWouldHelp() {
    PageBudget budget = new PageBudget(2, 100);
    budget.take(60, 0);
    budget.take(30, 0);
    assertThat(budget.fitsAfter(10, 1, 0, 0)).as("at the limit of pages").isFalse();
    assertThat(budget.fitsAfter(40, 1, 1, 30)).isTrue();
    assertThat(budget.fitsAfter(41, 1, 1, 30)).as("a byte too many").isFalse();
    assertThat(budget.pages()).as("asking takes nothing").isEqualTo(2);
  }
}
