/** The engine: pages that stay where they are, on the Foreign Function and Memory API. */
module dev.pinnedstore.engine {
  requires jdk.management;
  requires static transitive org.jspecify;

  exports dev.pinnedstore.pager;
  exports dev.pinnedstore.store;
}
