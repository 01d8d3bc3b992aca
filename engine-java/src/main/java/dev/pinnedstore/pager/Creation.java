package dev.pinnedstore.pager;

import dev.pinnedstore.os.Disk;
import java.security.SecureRandom;

/** Makes files without a page; others are opened by {@link Recovery}. */
final class Creation {
  private Creation() {}

  /** Makes an empty file. */
  static PagerFile create(Disk disk, Geometry geometry) {
    return create(disk, geometry, new ReuseCounts(1, 0), false);
  }

  /** Makes an empty file for pages of the same names, while nobody shrinks the other. */
  static PagerFile createFor(PagerFile source, Disk disk, boolean sparse) {
    return create(disk, source.geometry(), source.counts(), sparse);
  }

  private static PagerFile create(
      Disk disk, Geometry geometry, ReuseCounts counts, boolean sparse) {
    Superblock empty =
        new Superblock(
            geometry,
            0,
            new SecureRandom().nextLong(),
            0,
            0,
            counts.floor(),
            counts.epoch(),
            false,
            sparse,
            new long[2],
            new long[2],
            new long[SuperblockLayout.ROOTS]);
    Extents extents = new Extents(disk, geometry);
    boolean done = false;
    try {
      extents.allocateHeader();
      extents.cover(0);
      PagerFile file = new PagerFile(disk, empty, extents);
      file.checkpoint();
      done = true;
      return file;
    } finally {
      if (!done) {
        extents.close();
      }
    }
  }
}
