package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which memory goes back to the operating system, and when. */
class PagePoolDecayTest extends PagePoolRig {
  @Test
  void idlePagesGoBackButNotTheLastOne() {
    for (int i = 0; i < 4; i++) {
      pool.makeReady(-1);
    }
    nanos.advance(Duration.ofNanos(10));
    assertThat(pool.giveBack(nanos.now() - 11, 9)).as("not idle long enough").isZero();
    assertThat(pool.giveBack(nanos.now() - 10, 9)).isEqualTo(3);
    assertThat(budget.pages()).isEqualTo(1);
    assertThat(source.open()).hasSize(1);
    assertThat(events.givenBack).hasValue(3);
    assertThat(pool.giveBack(nanos.now(), 9)).isZero();
  }

  @Test
  void givesBackNoMoreThanAskedFor() {
    for (int i = 0; i < 5; i++) {
      pool.makeReady(-1);
    }
    assertThat(pool.giveBack(nanos.now(), 2)).isEqualTo(2);
    assertThat(pool.giveBack(nanos.now(), 0)).isZero();
    assertThat(budget.pages()).isEqualTo(3);
  }

  @Test
  void youngPagesStayAndTheLowestServesFirst() {
    List<Page> young = new ArrayList<>();
    pool.makeReady(-1);
    nanos.advance(Duration.ofNanos(10));
    for (int i = 0; i < 3; i++) {
      pool.makeReady(-1);
      young.add(directory.at(i + 1));
    }
    assertThat(pool.giveBack(nanos.now() - 10, 9)).isEqualTo(1);
    assertThat(List.of(begin(), begin(), begin())).isEqualTo(young);
  }

  @Test
  void decayCountsFromTheTimeAtWhichAPageWasEmptied() {
    pool.makeReady(-1);
    pool.makeReady(-1);
    Page page = begin();
    nanos.advance(Duration.ofNanos(100));
    end(page);
    nanos.advance(Duration.ofNanos(5));
    pool.recycle(true);
    assertThat(page.idleSinceNanos).isEqualTo(100);
    assertThat(pool.giveBack(99, 9)).as("only the other page").isEqualTo(1);
    assertThat(begin()).isSameAs(page);
  }

  @Test
  void theHighestGoesFirst() {
    for (int i = 0; i < 3; i++) {
      pool.makeReady(-1);
    }
    assertThat(pool.giveBack(nanos.now(), 1)).isEqualTo(1);
    assertThat(directory.at(2).frame).isNull();
    assertThat(begin().id).isZero();
  }

  @Test
  void aMappingThatCannotBeClosedNowIsKeptAndStaysUsable() {
    pool.makeReady(-1);
    pool.makeReady(-1);
    source.mappings.forEach(mapping -> mapping.hold(true));
    assertThat(pool.giveBack(nanos.now(), 9)).isZero();
    assertThat(budget.pages()).isEqualTo(2);
    assertThat(pool.readyPages()).isEqualTo(2);
    assertThat(begin().frame).isNotNull();
    source.mappings.forEach(mapping -> mapping.hold(false));
    assertThat(pool.giveBack(nanos.now(), 9)).isEqualTo(1);
  }

  @Test
  void aSlotThatWasGivenBackIsIssuedAgainInItsNextGeneration() {
    begin();
    Page page = begin();
    end(page);
    pool.recycle(true);
    assertThat(pool.giveBack(nanos.now(), 1)).isEqualTo(1);
    assertThat(page.frame).isNull();
    pool.makeReady(-1);
    assertThat(page.frame).as("the same slot").isNotNull();
    assertThat(page.generation).isEqualTo(FIRST_GENERATION + 1);
    assertThat(page.dirty).as("fresh memory").isFalse();
  }
}
