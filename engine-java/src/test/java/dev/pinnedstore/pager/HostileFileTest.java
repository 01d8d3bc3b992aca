package dev.pinnedstore.pager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that nobody should trust give an exception that names the field, or sound pages. */
@Tag("contract")
class HostileFileTest {
  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  private Path path;
  private byte[] sound;

  @BeforeEach
  void makeFile() throws IOException {
    path = directory.resolve("pages");
    try (Pager pager = Pager.create(path, 1024)) {
      pager.allocBulk(30);
      PagerFixture.commit(pager.allocProtected(), 3);
      new SubPageAllocator(pager, 64).allocBulk(20);
      pager.setRoot(1, 11);
    }
    sound = Files.readAllBytes(path);
  }

  private void assertRefused(byte[] bytes, String field) throws IOException {
    Files.write(path, bytes);
    assertThatExceptionOfType(PagerCorruptException.class)
        .isThrownBy(() -> Pager.open(path, 1024))
        .satisfies(e -> assertThat(e.field()).isEqualTo(field))
        .withMessageContaining(field);
    assertThatExceptionOfType(PagerCorruptException.class)
        .isThrownBy(() -> ReadOnlyPager.open(path, 1024));
    assertThat(Files.readAllBytes(path)).as("an open that fails changes nothing").isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 511, 8191})
  void filesWithoutRoomForSuperblocksAreRefused(int length) throws IOException {
    assertRefused(Arrays.copyOf(sound, length), "file length");
  }

  @Test
  void truncatedFilesAreRefused() throws IOException {
    assertRefused(Arrays.copyOf(sound, 8192), "file length");
    assertRefused(Arrays.copyOf(sound, 1 << 20), "file length");
    assertRefused(Arrays.copyOf(sound, sound.length - 1), "file length");
  }

  @Test
  void foreignFilesAreRefused() throws IOException {
    assertRefused(new byte[1 << 16], "magic");
    byte[] text = new byte[20_000];
    Arrays.fill(text, (byte) 'x');
    assertRefused(text, "magic");
  }

  @Test
  void newerMajorVersionsAreRefusedNewerMinorOnesAreNot() throws IOException {
    byte[] bytes = sound.clone();
    patch(bytes, 8, 2, 2);
    assertRefused(bytes, "version");
    bytes = sound.clone();
    patch(bytes, 10, 9, 2);
    Files.write(path, bytes);
    try (Pager pager = Pager.open(path, 1024)) {
      assertThat(pager.root(1)).isEqualTo(11);
    }
  }

  /** Fields that carry a good checksum and lie. */
  @ParameterizedTest
  @CsvSource({
    "12, 9, 4, page shift",
    "16, 0, 8, generation",
    "16, -1, 8, generation",
    "224, -1, 4, epoch",
    "224, 4194304, 4, epoch",
    "12, 31, 4, page shift",
    "12, -1, 4, page shift",
    "32, 0, 8, log bytes",
    "32, 4095, 8, log bytes",
    "32, 1152921504606846976, 8, log bytes",
    "40, -1, 8, page count",
    "40, 2199023255552, 8, page count",
    "40, 1000000000, 8, file length",
    "48, -1, 8, used count",
    "48, 1000000, 8, used count",
    "56, 0, 8, reuse floor",
    "56, 16777216, 8, reuse floor",
    "56, 16777215, 8, reuse floor",
  })
  void superblocksThatLieAreRefused(int at, long value, int width, String field)
      throws IOException {
    byte[] bytes = sound.clone();
    patch(bytes, at, value, width);
    assertRefused(bytes, field);
  }

  /** Within its range it is believed until the whole map is read. */
  @Test
  void aCountOfPagesInUseThatLiesIsToldByVerify() throws IOException {
    byte[] bytes = sound.clone();
    long free;
    try (Pager pager = Pager.open(path, 1024)) {
      free = pager.freePageCount();
      patch(bytes, 48, pager.pageCount() - free - 5, 8);
    }
    Files.write(path, bytes);
    try (Pager pager = Pager.open(path, 1024)) {
      assertThat(pager.freePageCount()).isEqualTo(free + 5);
      assertThat(pager.verify().problems())
          .singleElement()
          .asString()
          .startsWith("used count=")
          .contains("the page map has");
    }
    Files.write(path, bytes);
    assertThatExceptionOfType(PagerCorruptException.class)
        .isThrownBy(() -> Pager.open(path, 1024, PagerOptions.defaults().withVerified(true)))
        .withMessageContaining("used count=");
  }

  /** Changes a field of both superblocks and makes their checksums good again. */
  private static void patch(byte[] bytes, int at, long value, int width) {
    ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int copy = 0; copy < 2; copy++) {
      int from = copy * 4096;
      for (int i = 0; i < width; i++) {
        bytes[from + at + i] = (byte) (value >>> (8 * i));
      }
      byte[] block = Arrays.copyOfRange(bytes, from, from + 508);
      file.putInt(from + 508, Checksum.of(block, 0, 508));
    }
  }

  @Test
  void logsWithGoodChecksumsThatLieAreRefused() throws IOException {
    Superblock newest = SuperblockLayout.decode(Arrays.copyOf(sound, SuperblockLayout.BYTES));
    long[][] entries = {
      {JournalLayout.key(JournalLayout.PAGE_WORD, 1L << 41), 1},
      {JournalLayout.key(JournalLayout.SLOT_WORD, 1L << 45), 1},
      {JournalLayout.key(JournalLayout.SLOT_WORD, SlotWord.index(1L << 34, 0)), 1},
      {JournalLayout.key(JournalLayout.ROOT, 16), 1},
      {JournalLayout.key(JournalLayout.PAGE_COUNT, 0), 1},
      {JournalLayout.key(JournalLayout.PAGE_COUNT, 0), 1L << 39},
      {JournalLayout.key(JournalLayout.PAGE_COUNT, 0), -1},
      {JournalLayout.key(9, 0), 0},
    };
    for (long[] entry : entries) {
      byte[] batch = new byte[JournalLayout.batchBytes(1)];
      JournalLayout.encode(batch, entry, 1, newest.generation(), 0, newest.fileId(), 0);
      byte[] bytes = sound.clone();
      System.arraycopy(batch, 0, bytes, 8192, batch.length);
      assertRefused(bytes, "log");
    }
  }

  /** Whatever is damaged: an exception of ours, or pages that work. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void noDamageCrashesOrHangs(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    int refused = 0;
    for (int round = 0; round < 40; round++) {
      byte[] bytes = sound.clone();
      for (int i = 0; i <= random.nextInt(4); i++) {
        // Mostly where the metadata is.
        int at = random.nextInt(3) == 0 ? random.nextInt(bytes.length) : interesting(random);
        bytes[at] = (byte) random.nextInt();
      }
      if (random.nextInt(10) == 0) {
        bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      Files.write(path, bytes);
      try (Pager pager = Pager.open(path, 1024)) {
        use(pager);
      } catch (PagerException | IllegalArgumentException e) {
        refused++;
      }
    }
    assertThat(refused).as("seed %d", seed).isPositive();
  }

  private static int interesting(SplittableRandom random) {
    int map = (1 << 20) + random.nextInt(2 * 14 * 4096);
    int[] places = {random.nextInt(512), 4096 + random.nextInt(512), 8192 + random.nextInt(4096)};
    return random.nextBoolean() ? map : places[random.nextInt(places.length)];
  }

  private static void use(Pager pager) {
    for (PageId id : pager.allocated()) {
      pager.page(id).fill((byte) 1);
    }
    for (ProtectedPage page : pager.protectedPages().allocated()) {
      PagerFixture.commit(page, 1);
    }
    SubPageAllocator subs = new SubPageAllocator(pager, 64);
    for (SubPageId id : subs.allocated()) {
      subs.page(id).fill((byte) 1);
    }
    assertThat(pager.verify().problems()).isNotNull();
    pager.freeBulk(pager.allocBulk(300));
    pager.compact((from, to) -> {});
  }

  /** Maps with good checksums whose words lie: every word of the first leaf, whatever it says. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void wordsThatLieGiveNobodyABytesOutsideTheFile(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 20; round++) {
      Files.write(path, sound);
      try (Pager pager = Pager.open(path, 1024)) {
        for (int i = 0; i < 5; i++) {
          long page = random.nextLong(pager.pageCount());
          long word = PageWord.of(random.nextInt(16), 1 + random.nextInt(3), random.nextInt());
          pager
              .session()
              .read(
                  () -> {
                    pager.session().file().table().words().set(page, word);
                    return true;
                  });
        }
        pager.setRoot(0, 1);
        pager.sync();
        pager.session().read(() -> true);
        try {
          use(pager);
        } catch (PagerException e) {
          assertThat(e).as("seed %d", seed).hasMessageNotContaining("null");
        }
      } catch (PagerException e) {
        assertThat(e).as("seed %d", seed).hasMessageNotContaining("null");
      }
    }
  }
}
