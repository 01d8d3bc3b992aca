package dev.pinnedstore.kotlin

/** Marks the builders of this package: inside one, the members of an outer one must be qualified. */
@DslMarker
@Target(AnnotationTarget.CLASS)
public annotation class PinnedStoreDsl
