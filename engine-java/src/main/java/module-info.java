/** The engine: pages that stay where they are, on the Foreign Function and Memory API. */
module dev.pinnedstore.engine {
  requires jdk.jfr;
  requires jdk.management;
  requires jdk.unsupported;
  requires static transitive org.jspecify;

  exports dev.pinnedstore.buffer;
  exports dev.pinnedstore.pager;
  exports dev.pinnedstore.pool;
  exports dev.pinnedstore.store;
}
