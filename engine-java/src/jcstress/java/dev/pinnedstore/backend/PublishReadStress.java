package dev.pinnedstore.backend;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.pinnedstore.os.Mapping;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

@JCStressTest
@Description("A reader that sees a blob's word live sees all its bytes and its time.")
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Neither blob is there yet.")
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The first blob is there, whole.")
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both are there, whole.")
@Outcome(id = "0, 1", expect = FORBIDDEN, desc = "The second is there before the first.")
@Outcome(expect = FORBIDDEN, desc = "-1: there before its bytes; -2: there before its time.")
@State
public class PublishReadStress {
  private static final int SIZE = SmallStore.GRANULE;
  private static final byte VALUE = 7;
  private static final byte[] ARRAY = new byte[SIZE];
  private static final MemorySegment SEGMENT = MemorySegment.ofArray(ARRAY);

  static {
    Arrays.fill(ARRAY, VALUE);
  }

  private final SmallStore store;
  private final Frame frame;
  private final int generation;

  public PublishReadStress() {
    LastMapping source = new LastMapping();
    store = new SmallStore(1, 0, source);
    // Activates the page, whose time is then 0.
    generation = store.append(SIZE, 1, 0).generation();
    frame = new MappedFrames.MappedFrame(source.last, SmallStore.PAGE / SIZE);
  }

  @Actor
  public void writer() {
    store.backend.publish(store.backend.reserve(SIZE, 1), ARRAY, 0, SIZE, 1);
    store.backend.publish(store.backend.reserve(SIZE, 2), SEGMENT, 0, SIZE, 2);
  }

  @Actor
  public void reader(II_Result r) {
    r.r2 = read(2);
    r.r1 = read(1);
  }

  /** Reads the blob that starts at a granule and was appended in the millisecond of that number. */
  private int read(int granule) {
    long word = EntryLayout.acquire(frame, granule);
    if (word != EntryLayout.live(generation, granule, SIZE)) {
      return 0;
    }
    int offset = granule * SIZE;
    for (int i = SIZE - 1; i >= 0; i--) {
      if (frame.base.get(ValueLayout.JAVA_BYTE, offset + i) != VALUE) {
        return -1;
      }
    }
    return store.backend.check(0, offset, SIZE, generation, granule) == Codes.LIVE ? 1 : -2;
  }

  /** Lets the test read the memory as a reader of the engine does. */
  private static final class LastMapping extends SliceSource {
    private Mapping last;

    @Override
    public Mapping map(long dataBytes, long extraBytes, boolean hugePages) {
      last = super.map(dataBytes, extraBytes, hugePages);
      return last;
    }
  }
}
