package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/** The examples of the documentation, run by tests. */
public final class PagerSnippets {
  private PagerSnippets() {}

  /** Keeps a number in a page, and finds it again. */
  public static long quickstart(Path path, Path backup, long number) throws IOException {
    // @start region="quickstart"
    try (Pager pager = Pager.create(path, 4096)) {
      PageId id = pager.alloc(); // durable when it returns
      pager.page(id).set(JAVA_LONG, 0, number); // in place; the page never moves
      pager.flush(id); // its bytes are on the medium
      pager.setRoot(0, id.value()); // where to begin next time
    }
    try (Pager pager = Pager.open(path, 4096)) {
      PageId id = new PageId(pager.root(0));
      MemorySegment bytes = pager.page(id); // an id that was freed is refused
      pager.snapshot(backup); // a copy while in use
      // @end
      return bytes.get(JAVA_LONG, 0);
    }
  }

  /** Changes a page as a whole, pages in bulk, and a piece of a page. */
  public static long more(Pager pager, long number) {
    // @start region="more"
    ProtectedPage account = pager.allocProtected();
    try (ProtectedPage.Writer writer = account.writer()) { // a copy of the bytes of now
      writer.segment().set(JAVA_LONG, 0, number);
      writer.commit(); // all of it or, after a crash before, none
    }
    List<PageId> many = pager.allocBulk(1000, Durability.GROUP); // durable within 5 ms
    pager.freeBulk(many); // one change, and durable

    SubPageAllocator nodes = new SubPageAllocator(pager, 64);
    SubPageId node = nodes.alloc(Durability.NONE); // durable with the next commit
    nodes.page(node).set(JAVA_LONG, 0, number);
    pager.sync(); // everything is on the medium
    // @end
    return account.segment().get(JAVA_LONG, 0) + nodes.page(node).get(JAVA_LONG, 0);
  }
}
