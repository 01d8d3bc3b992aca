package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A protected page changes as a whole or not at all. */
class ProtectedPageTest extends PagerFixture {
  private ProtectedPage page;

  @BeforeEach
  void allocPage() {
    page = pager.allocProtected();
  }

  @Test
  void itBeginsWithZeros() {
    PageId dirty = pager.alloc();
    pager.page(dirty).fill((byte) 1);
    pager.free(dirty);
    assertThat(pager.allocProtected().segment().toArray(JAVA_BYTE)).containsOnly(0);
  }

  @Test
  void itTakesTwoPages() {
    long free = pager.freePageCount();
    pager.freeProtected(page);
    assertThat(pager.freePageCount()).isEqualTo(free + 2);
  }

  @Test
  void changesAreUnseenBeforeTheCommit() {
    try (ProtectedPage.Writer writer = page.writer()) {
      writer.segment().set(JAVA_BYTE, 0, (byte) 1);
      assertThat(get(page)).isZero();
      writer.commit();
      assertThat(get(page)).isEqualTo(1);
    }
    assertThat(get(page)).isEqualTo(1);
  }

  @Test
  void aWriterClosedWithoutCommitDiscards() {
    commit(page, 1);
    try (ProtectedPage.Writer writer = page.writer()) {
      writer.segment().set(JAVA_BYTE, 0, (byte) 2);
    }
    assertThat(get(page)).isEqualTo(1);
    commit(page, 3);
    assertThat(get(page)).isEqualTo(3);
  }

  @Test
  void aWriterStartsFromTheActiveBytes() {
    for (int i = 0; i < 10; i++) {
      try (ProtectedPage.Writer writer = page.writer()) {
        MemorySegment bytes = writer.segment();
        for (int at = 0; at < i; at++) {
          assertThat(bytes.get(JAVA_BYTE, at)).isEqualTo((byte) (at + 1));
        }
        bytes.set(JAVA_BYTE, i, (byte) (i + 1));
        writer.commit();
      }
    }
  }

  @Test
  void commitsAreThereAfterAReopen() throws IOException {
    commit(page, 1);
    commit(page, 2);
    ProtectedPage other = pager.allocProtected();
    commit(other, 3);
    reopen();
    assertThat(get(pager.protectedPage(page.value()))).isEqualTo(2);
    assertThat(get(pager.protectedPage(other.value()))).isEqualTo(3);
  }

  @Test
  void oneWriterAtATime() {
    try (ProtectedPage.Writer writer = page.writer()) {
      assertThatIllegalStateException()
          .isThrownBy(page::writer)
          .withMessageContaining("has a writer");
      assertThatIllegalStateException().isThrownBy(() -> pager.freeProtected(page));
      writer.commit();
    }
    page.writer().close();
    pager.freeProtected(page);
  }

  @Test
  void anEndedWriterRefuses() {
    ProtectedPage.Writer writer = page.writer();
    writer.commit();
    assertThatIllegalStateException().isThrownBy(writer::commit);
    assertThatIllegalStateException().isThrownBy(writer::segment);
    writer.close();
    ProtectedPage.Writer dropped = page.writer();
    dropped.close();
    assertThatIllegalStateException().isThrownBy(dropped::commit);
  }

  @Test
  void theBytesAreReadOnly() {
    assertThat(page.segment().isReadOnly()).isTrue();
  }

  @Test
  void pagesOfOtherKindsAreRefused() {
    PageId plain = pager.alloc();
    assertThatExceptionOfType(InvalidPageException.class)
        .isThrownBy(() -> pager.protectedPage(plain.value()))
        .withMessageEndingWith("it is not a protected page");
    assertThatExceptionOfType(InvalidPageException.class)
        .isThrownBy(() -> pager.page(new PageId(page.value())))
        .withMessageEndingWith("it is not a page");
    assertThatExceptionOfType(InvalidPageException.class)
        .isThrownBy(() -> pager.free(new PageId(page.value())));
  }

  @Test
  void theShadowHasNoName() {
    long shadow = PageId.number(page.value()) ^ 4;
    for (int reuse = 0; reuse < 4; reuse++) {
      PageId forged = PageId.of(shadow, reuse);
      assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> pager.free(forged));
      assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> pager.page(forged));
      assertThatExceptionOfType(InvalidPageException.class)
          .isThrownBy(() -> pager.protectedPage(forged.value()));
    }
  }

  @Test
  void aFreedOneIsRefusedForEver() {
    pager.freeProtected(page);
    ProtectedPage next = pager.allocProtected();
    assertThat(PageId.number(next.value())).isEqualTo(PageId.number(page.value()));
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(page::segment);
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(page::writer);
    assertThatExceptionOfType(InvalidPageException.class)
        .isThrownBy(() -> pager.freeProtected(page));
  }

  @Test
  void damagedBytesAreRefusedAfterAReopen() throws IOException {
    commit(page, 1);
    // The lower page of the pair holds the first version, the shadow this one.
    long number = PageId.number(page.value()) ^ 4;
    long position =
        new Geometry(10, (1 << 20) - 8192).headerBytes()
            + new Geometry(10, (1 << 20) - 8192).dataOffset(0)
            + number * PAGE;
    pager.close();
    damage(position + 500);
    pager = Pager.open(path, PAGE);
    assertThatExceptionOfType(PagerCorruptException.class)
        .isThrownBy(() -> pager.protectedPage(page.value()))
        .satisfies(e -> assertThat(e.field()).isEqualTo("protected page"));
    assertThat(pager.verify().problems())
        .singleElement()
        .asString()
        .contains("page 0: its bytes do not match");
  }

  @Test
  void twoObjectsOfOnePageAreEqual() {
    assertThat(pager.protectedPage(page.value())).isEqualTo(page).hasSameHashCodeAs(page);
    assertThat(page).isNotEqualTo(pager.allocProtected());
  }

  @Test
  void theTwoPlacesAreAtLeastABlockApart() {
    for (int shift = 10; shift <= 30; shift++) {
      Geometry geometry = new Geometry(shift, 4096);
      assertThat((long) geometry.pairStride() << shift).isGreaterThanOrEqualTo(4096);
    }
  }
}
