package dev.pinnedstore.backend.shared;

import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.SharedFileException;
import dev.pinnedstore.os.SharedFiles;
import dev.pinnedstore.os.SharedMapping;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Makes the two files of a chunk. Each is made whole under a name of the maker's slot and then gets
 * its own by a link, so nobody ever maps half a file, and the data file is the last: a chunk whose
 * data file exists has its records. One caller at a time in each store makes chunks, and one
 * records alone.
 */
final class ChunkFiles {
  private ChunkFiles() {}

  /**
   * Makes both files of a chunk whose id belongs to the caller; removes what an earlier run left.
   */
  static void make(Names names, int slot, int id, long chunkBytes, byte[] header)
      throws IOException, MappingFailedException {
    var _ = SharedFiles.delete(names.records(id));
    makeRecords(names, names.making(slot), id, chunkBytes - ChunkLayout.HEADER_BYTES);
    Steps.reached("make.records");
    Path making = names.making(slot);
    var _ = SharedFiles.delete(making);
    var _ = SharedFiles.create(making, chunkBytes, chunkBytes, header);
    Steps.reached("make.filled");
    while (!SharedFiles.link(making, names.data(id))) {
      var _ = SharedFiles.delete(names.data(id));
    }
    Steps.reached("make.linked");
    var _ = SharedFiles.delete(making);
  }

  /** Refuses where the file system has no room for a chunk and its records. */
  static void checkRoom(Names names, long chunkBytes) throws MappingFailedException {
    long records = RecordLayout.backedBytes(chunkBytes - ChunkLayout.HEADER_BYTES);
    SharedFiles.checkRoom(names.directory(), chunkBytes + records, chunkBytes);
  }

  /** Maps the records of a chunk, made now if the chunk is an original's. */
  static SharedMapping records(Names names, int slot, int id, long capacity)
      throws IOException, MappingFailedException {
    Path path = names.records(id);
    if (!SharedFiles.exists(path)) {
      makeRecords(names, names.makingRecords(slot), id, capacity);
    }
    SharedMapping mapping = SharedFiles.map(path, RecordLayout.fileBytes(capacity));
    if (!RecordLayout.isValid(mapping.base(), capacity)) {
      mapping.close();
      throw SharedFileException.shape(path, "magic or capacity is not that of the chunk");
    }
    return mapping;
  }

  private static void makeRecords(Names names, Path making, int id, long capacity)
      throws IOException, MappingFailedException {
    var _ = SharedFiles.delete(making);
    var _ =
        SharedFiles.create(
            making,
            RecordLayout.fileBytes(capacity),
            RecordLayout.backedBytes(capacity),
            RecordLayout.created(capacity));
    // Another store may be faster; its file is as good.
    var _ = SharedFiles.link(making, names.records(id));
    var _ = SharedFiles.delete(making);
  }
}
