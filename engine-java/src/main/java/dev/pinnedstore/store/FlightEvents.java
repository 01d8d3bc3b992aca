package dev.pinnedstore.store;

import java.util.EnumMap;
import java.util.Map;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/**
 * The events of {@link StoreEvent} as Java Flight Recorder sees them, under the same names.
 *
 * <p>One event a page, none a blob. While nothing records, an event costs a look at its type.
 */
final class FlightEvents {
  private static final Map<StoreEvent.Kind, EventType> TYPES = new EnumMap<>(StoreEvent.Kind.class);

  static {
    for (StoreEvent.Kind kind : StoreEvent.Kind.values()) {
      TYPES.put(kind, EventType.getEventType(event(kind).getClass()));
    }
  }

  private FlightEvents() {}

  /** Records what happened, if anybody records it. */
  static void record(
      String store, StoreEvent.Kind kind, int pageId, long bytes, long durationNanos) {
    EventType type = TYPES.get(kind);
    if (type == null || !type.isEnabled()) {
      return;
    }
    PageFlightEvent event = event(kind);
    if (event.shouldCommit()) {
      event.store = store;
      event.pageId = pageId;
      event.bytes = bytes;
      event.took = durationNanos;
      event.commit();
    }
  }

  private static PageFlightEvent event(StoreEvent.Kind kind) {
    return switch (kind) {
      case PAGE_MADE -> new PageMade();
      case STALL -> new Stall();
      case PAGE_EMPTIED -> new PageEmptied();
      case PAGE_REUSED -> new PageReused();
      case PAGE_GIVEN_BACK -> new PageGivenBack();
      case PAGE_EXPIRED -> new PageExpired();
      case STORE_FULL -> new StoreFull();
      case OWNER_RECOVERED -> new OwnerRecovered();
      case LIFECYCLE_FAILED -> new LifecycleFailed();
    };
  }

  /** What the events have in common. */
  @Category("Pinned Page Store")
  @StackTrace(false)
  abstract static class PageFlightEvent extends Event {
    @Label("Store")
    String store = "";

    @Label("Page")
    int pageId;

    @Label("Bytes")
    @DataAmount
    long bytes;

    @Label("Took")
    @Timespan(Timespan.NANOSECONDS)
    long took;
  }

  @Name("dev.pinnedstore.PageMade")
  @Label("Page Made")
  static final class PageMade extends PageFlightEvent {}

  @Name("dev.pinnedstore.Stall")
  @Label("Stall")
  static final class Stall extends PageFlightEvent {}

  @Name("dev.pinnedstore.PageEmptied")
  @Label("Page Emptied")
  static final class PageEmptied extends PageFlightEvent {}

  @Name("dev.pinnedstore.PageReused")
  @Label("Page Reused")
  static final class PageReused extends PageFlightEvent {}

  @Name("dev.pinnedstore.PageGivenBack")
  @Label("Page Given Back")
  static final class PageGivenBack extends PageFlightEvent {}

  @Name("dev.pinnedstore.PageExpired")
  @Label("Page Expired")
  static final class PageExpired extends PageFlightEvent {}

  @Name("dev.pinnedstore.StoreFull")
  @Label("Store Full")
  static final class StoreFull extends PageFlightEvent {}

  @Name("dev.pinnedstore.OwnerRecovered")
  @Label("Owner Recovered")
  static final class OwnerRecovered extends PageFlightEvent {}

  @Name("dev.pinnedstore.LifecycleFailed")
  @Label("Lifecycle Failed")
  static final class LifecycleFailed extends PageFlightEvent {}
}
