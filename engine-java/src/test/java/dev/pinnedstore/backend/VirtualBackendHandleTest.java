package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Forged handles near a blob that crosses pages: none reaches a byte, none does harm. */
class VirtualBackendHandleTest {
  private static final int PAGE = Rig.PAGE;
  private static final int SIZE = 2 * PAGE + 100;

  private final Rig rig = Rig.virtual(8);
  private final Blob before = rig.append(64);
  private final Blob span = rig.append(SIZE);
  private final Blob after = rig.append(64);

  @BeforeEach
  void everythingIsViewed() {
    for (Blob blob : List.of(before, span, after)) {
      assertThat(rig.view(blob)).isNotNull();
    }
  }

  @AfterEach
  void nothingDidAnyHarm() {
    for (Blob blob : List.of(before, span, after)) {
      assertThat(rig.resolve(blob)).isEqualTo(blob.bytes());
      assertThat(rig.acknowledge(blob)).isEqualTo(Codes.LIVE);
    }
    rig.assertAllIsBack();
    rig.close();
  }

  @Test
  void everyForgedField() {
    for (int page : new int[] {1, 2, 3, 7, 511, 512, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      assertForged(page, span.offset(), span.size(), span.generation(), span.millis());
    }
    for (int offset : new int[] {0, 1, 63, 65, 128, PAGE - 64, PAGE, PAGE + 64, 2 * PAGE, -64}) {
      assertForged(0, offset, span.size(), span.generation(), span.millis());
    }
    for (int generation : new int[] {6, 8, 0, -1, 7 + EntryLayout.GENERATIONS}) {
      assertForged(0, span.offset(), span.size(), generation, span.millis());
    }
    for (long millis : new long[] {0, -1, span.millis() - 1, span.millis() + (1 << 20)}) {
      assertForged(0, span.offset(), span.size(), span.generation(), millis);
    }
  }

  @Test
  void sizesThatEndInAnotherPageOrReachBeyondTheBlobOrTheRange() {
    for (int size :
        new int[] {0, 1, 64, PAGE - 64, PAGE, SIZE - 1, SIZE + 1, 3 * PAGE, 512 * PAGE, -1}) {
      assertForged(0, span.offset(), size, span.generation(), span.millis());
      assertForged(0, before.offset(), size == 64 ? 65 : size, before.generation(), span.millis());
    }
  }

  @Test
  void placesInTheMiddleOfTheBlobAndInItsLaterPages() {
    for (int page = 0; page < 3; page++) {
      for (int offset = 0; offset < PAGE; offset += 64) {
        boolean isStart =
            page == 0 && offset <= span.offset() || page == 2 && offset == after.offset();
        for (int size : new int[] {64, PAGE, SIZE, PAGE + 64}) {
          if (!isStart) {
            assertForged(page, offset, size, span.generation(), span.millis());
          }
        }
      }
    }
  }

  @Test
  void handlesOfEarlierBlobsInThePagesThatItTook() {
    try (Rig own = Rig.virtual(3)) {
      List<Blob> old = List.of(own.append(PAGE), own.append(PAGE), own.append(PAGE - 64));
      old.forEach(own::acknowledge);
      own.settle();
      Blob large = own.append(3 * PAGE);
      assertThat(large.pageId()).isZero();
      for (Blob blob : old) {
        assertThat(own.check(blob)).isEqualTo(Codes.STALE);
        assertThat(own.view(blob)).isNull();
        assertThat(own.resolve(blob)).isNull();
        assertThat(own.acknowledge(blob)).isEqualTo(Codes.STALE);
        Blob forged = blob.of(large.generation());
        assertThat(own.check(forged)).isEqualTo(Codes.NEVER_ISSUED);
        assertThat(own.acknowledge(forged)).isEqualTo(Codes.NEVER_ISSUED);
      }
      assertThat(own.resolve(large)).isEqualTo(large.bytes());
    }
  }

  private void assertForged(int page, int offset, int size, int generation, long millis) {
    String name = List.of(page, offset, size, generation, millis).toString();
    assertThat(rig.backend.check(page, offset, size, generation, millis))
        .as(name)
        .isEqualTo(Codes.NEVER_ISSUED);
    assertThat(isViewed(page, offset, size, generation, millis)).as(name).isFalse();
    if (size >= 0) {
      assertThat(rig.backend.resolve(page, offset, size, generation, millis)).as(name).isNull();
    }
    assertThat(rig.backend.acknowledge(page, offset, size, generation, millis))
        .as(name)
        .isEqualTo(Codes.NEVER_ISSUED);
  }

  private boolean isViewed(int page, int offset, int size, int generation, long millis) {
    try {
      return rig.backend.view(page, offset, size, generation, millis) != null;
    } catch (IndexOutOfBoundsException e) {
      // An offset that is in no page of the size of these.
      assertThat(Integer.toUnsignedLong(offset)).isGreaterThanOrEqualTo(Rig.PAGE);
      return false;
    }
  }
}
