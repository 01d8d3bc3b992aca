/** A builder DSL and coroutines on top of the engine. */
module dev.pinnedstore.kotlin {
  requires transitive dev.pinnedstore.engine;
  requires transitive kotlin.stdlib;
  requires transitive kotlinx.coroutines.core;

  exports dev.pinnedstore.kotlin;
}
