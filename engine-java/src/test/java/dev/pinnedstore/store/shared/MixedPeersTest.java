package dev.pinnedstore.store.shared;

import static dev.pinnedstore.store.shared.SharedFiles.DIRECTORY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.store.BlobHandle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The original and our store share a namespace, whoever creates it and whoever does what. */
@Tag("contract")
class MixedPeersTest {
  private static final long CHUNK = 4096;
  private static final int BLOB = 1000;

  @RegisterExtension final SharedFiles files = new SharedFiles();

  private enum Kind {
    ORIGINAL(OriginalPeer.class, 0),
    OURS(StorePeer.class, 2000);

    private final Class<?> main;

    /** What to say so that an empty chunk has decayed: the original asks the wall clock. */
    private final long longDecayMillis;

    Kind(Class<?> main, long longDecayMillis) {
      this.main = main;
      this.longDecayMillis = longDecayMillis;
    }

    Peer create(String namespace) {
      return this == ORIGINAL
          ? OriginalPeer.create(DIRECTORY, namespace, CHUNK, OriginalPeer.UNLIMITED)
          : StorePeer.create(DIRECTORY, namespace, CHUNK, OriginalPeer.UNLIMITED);
    }

    Peer attach(String namespace) {
      return this == ORIGINAL
          ? OriginalPeer.attach(DIRECTORY, namespace, OriginalPeer.UNLIMITED)
          : StorePeer.attach(DIRECTORY, namespace);
    }

    Peer createInChild(String namespace) {
      return PeerProcess.create(main, DIRECTORY, namespace, CHUNK, OriginalPeer.UNLIMITED);
    }

    Peer attachInChild(String namespace) {
      return PeerProcess.attach(main, DIRECTORY, namespace);
    }
  }

  private enum Where {
    ONE_PROCESS,
    CREATOR_IN_CHILD,
    ATTACHER_IN_CHILD
  }

  /** Every pair in which our store is one, or both. */
  static Stream<Arguments> pairs() {
    return Stream.of(Kind.values())
        .flatMap(
            creator ->
                Stream.of(Kind.values())
                    .filter(attacher -> creator == Kind.OURS || attacher == Kind.OURS)
                    .flatMap(
                        attacher ->
                            Stream.of(Where.values())
                                .map(where -> Arguments.of(creator, attacher, where))));
  }

  private record Pair(Peer creator, Peer attacher) {}

  private Pair open(String namespace, Kind creator, Kind attacher, Where where) {
    Peer first =
        files.opened(
            where == Where.CREATOR_IN_CHILD
                ? creator.createInChild(namespace)
                : creator.create(namespace));
    Peer second =
        files.opened(
            where == Where.ATTACHER_IN_CHILD
                ? attacher.attachInChild(namespace)
                : attacher.attach(namespace));
    return new Pair(first, second);
  }

  /** What the original leaves when ours outlives it, or the other way round, is not judged here. */
  private void closeAll(String namespace) throws Exception {
    files.closeAll();
    SharedFiles.remove(namespace);
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void eachReadsAndAcknowledgesWhatTheOtherWrote(Kind creator, Kind attacher, Where where)
      throws Exception {
    String namespace = files.namespace();
    Pair pair = open(namespace, creator, attacher, where);
    List<BlobHandle> handles = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      Peer writer = i % 2 == 0 ? pair.creator : pair.attacher;
      handles.add(writer.append(Bytes.of(i, BLOB - i)));
    }
    for (int i = 0; i < handles.size(); i++) {
      BlobHandle handle = handles.get(i);
      assertThat(pair.creator.resolve(handle)).as("blob %s", i).isEqualTo(Bytes.of(i, BLOB - i));
      assertThat(pair.attacher.resolve(handle)).as("blob %s", i).isEqualTo(Bytes.of(i, BLOB - i));
    }
    Map<Integer, Integer> entries = new HashMap<>();
    for (int i = 0; i < handles.size(); i++) {
      Peer reader = i % 2 == 0 ? pair.attacher : pair.creator;
      assertThat(reader.acknowledge(handles.get(i))).as("blob %s", i).isTrue();
      entries.merge(handles.get(i).pageId(), 1, Integer::sum);
    }
    for (Map.Entry<Integer, Integer> chunk : entries.entrySet()) {
      assertThat(SharedFiles.header(namespace, chunk.getKey()))
          .as("chunk %s", chunk.getKey())
          .returns(chunk.getValue(), OriginalLayout.Header::entryCount)
          .returns(chunk.getValue(), OriginalLayout.Header::ackCount)
          .matches(header -> header.emptySinceMillis() != 0, "is known to be empty");
    }
    closeAll(namespace);
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void aChunkThatWeRecycledIsWrittenAndReadByBoth(Kind creator, Kind attacher, Where where)
      throws Exception {
    String namespace = files.namespace();
    Pair pair = open(namespace, creator, attacher, where);
    Peer us = creator == Kind.OURS ? pair.creator : pair.attacher;
    Peer other = us == pair.creator ? pair.attacher : pair.creator;
    Map<Integer, BlobHandle> first = new HashMap<>();
    int recycled = 0;
    for (int i = 0; i < 200 && recycled < 8; i++) {
      // Ours to acknowledge and to judge: the other only finds what we left it.
      BlobHandle mine = us.append(Bytes.of(i, BLOB));
      assertThat(other.resolve(mine)).as("blob %s of ours", i).isEqualTo(Bytes.of(i, BLOB));
      assertThat(us.acknowledge(mine)).isTrue();
      us.cleanup(Long.MAX_VALUE, 0);
      BlobHandle old = first.putIfAbsent(mine.pageId(), mine);
      if (old != null && old.generation() != mine.generation()) {
        recycled++;
        assertThat(other.resolve(old)).as("an old handle").isNull();
        assertThat(us.resolve(old)).as("an old handle").isNull();
        BlobHandle theirs = other.append(Bytes.of(-i, BLOB));
        assertThat(us.resolve(theirs)).as("blob %s of the other", i).isEqualTo(Bytes.of(-i, BLOB));
        assertThat(other.resolve(theirs)).isEqualTo(Bytes.of(-i, BLOB));
        assertThat(us.acknowledge(theirs)).isTrue();
        us.cleanup(Long.MAX_VALUE, Kind.OURS.longDecayMillis);
      }
    }
    assertThat(recycled).as("blobs in recycled chunks").isPositive();
    closeAll(namespace);
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void cleanUpOfEitherLosesNothingThatIsNotAcknowledged(Kind creator, Kind attacher, Where where)
      throws Exception {
    String namespace = files.namespace();
    Pair pair = open(namespace, creator, attacher, where);
    Map<BlobHandle, Integer> live = new HashMap<>();
    Set<String> places = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      Peer writer = i % 2 == 0 ? pair.creator : pair.attacher;
      Peer reader = i % 2 == 0 ? pair.attacher : pair.creator;
      BlobHandle handle = writer.append(Bytes.of(i, BLOB));
      assertThat(places.add(handle.toHex().substring(0, 16) + handle.generation()))
          .as("a place is given once: %s", handle)
          .isTrue();
      assertThat(reader.resolve(handle)).as("blob %s", i).isEqualTo(Bytes.of(i, BLOB));
      if (i % 40 == 0) {
        live.put(handle, i);
      } else {
        assertThat(reader.acknowledge(handle)).isTrue();
      }
      if (i % 8 == 7) {
        pair.creator.cleanup(Long.MAX_VALUE, creator.longDecayMillis);
        pair.attacher.cleanup(Long.MAX_VALUE, attacher.longDecayMillis);
      }
    }
    for (Map.Entry<BlobHandle, Integer> blob : live.entrySet()) {
      byte[] bytes = Bytes.of(blob.getValue(), BLOB);
      assertThat(pair.creator.resolve(blob.getKey())).as("%s", blob).isEqualTo(bytes);
      assertThat(pair.attacher.resolve(blob.getKey())).as("%s", blob).isEqualTo(bytes);
    }
    closeAll(namespace);
  }
}
