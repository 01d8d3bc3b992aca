package dev.pinnedstore.pager;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Goes through what can be made of the pages of a file, and reads one leaf of the map at a time.
 */
final class LeafIterator<T> implements Iterator<T> {
  private final LongFunction<@Nullable List<T>> source;
  private long leaf;
  private Iterator<T> current = List.<T>of().iterator();

  /**
   * Begins with the first leaf.
   *
   * @param source gives what a leaf has, or null behind the last one
   */
  LeafIterator(LongFunction<@Nullable List<T>> source) {
    this.source = source;
  }

  /** Makes something of a page. */
  interface Pick<T> {
    void of(long page, long word, List<T> items);
  }

  /** What can be made of the pages of one leaf, or null behind the last one. */
  static <T> @Nullable List<T> read(PageTable table, long leaf, int flags, Pick<T> pick) {
    if (leaf >= table.leaves()) {
      return null;
    }
    List<T> items = new ArrayList<>();
    if (table.words().mayHave(leaf, flags)) {
      long first = leaf << WordMap.LEAF_SHIFT;
      long[] words = table.words().leaf(leaf);
      for (int i = 0; i < words.length && first + i < table.pageCount(); i++) {
        pick.of(first + i, words[i], items);
      }
    }
    return items;
  }

  /** The same of an open pager, leaf by leaf as the iteration goes. */
  static <T> Iterable<T> of(Session session, int flags, Pick<T> pick) {
    PageTable table = session.file().table();
    return () -> new LeafIterator<>(leaf -> session.read(() -> read(table, leaf, flags, pick)));
  }

  @Override
  public boolean hasNext() {
    while (!current.hasNext()) {
      List<T> more = source.apply(leaf);
      if (more == null) {
        return false;
      }
      leaf++;
      current = more.iterator();
    }
    return true;
  }

  @Override
  public T next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return current.next();
  }
}
