package dev.pinnedstore.store.shared;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Where a process is killed: at a step that the engine names, or at any instant.
 *
 * @param name the step, empty for any instant
 * @param most it is the n-th time that the process comes by, n at most this
 * @param scene who else is there
 */
record KillPoint(String name, int most, Scene scene) {
  enum Scene {
    /** It creates the namespace, and nobody else takes part. */
    ALONE,
    /** It creates the namespace; the survivor attaches. */
    BESIDE_CREATOR,
    /** It attaches to the survivor's namespace. */
    BESIDE_ATTACHER,
    /** It is one of two that attach, and the other is killed at any instant. */
    TWO,
    /** It comes after another has died, and nobody else takes part. */
    AFTER_A_DEATH
  }

  static final KillPoint ANYWHERE = new KillPoint("", 1, Scene.BESIDE_ATTACHER);

  private static final List<Scene> ANY_SCENE =
      List.of(Scene.ALONE, Scene.BESIDE_CREATOR, Scene.BESIDE_ATTACHER, Scene.TWO);

  static KillPoint of(String name) {
    return new KillPoint(name, 20, Scene.ALONE);
  }

  /** Every step in every scene that comes by it. */
  static List<KillPoint> all() {
    List<KillPoint> all = new ArrayList<>();
    add(all, "append", 100, ANY_SCENE, "entered reserved held copied raised recorded counted");
    add(all, "append", 100, ANY_SCENE, "stamped left");
    add(all, "append", 6, ANY_SCENE, "moved");
    add(all, "window", 12, ANY_SCENE, "marked padded opened left");
    add(all, "acknowledge", 20, ANY_SCENE, "entered recorded counted");
    add(all, "view", 3, ANY_SCENE, "marked leased");
    add(all, "make", 3, ANY_SCENE, "claimed counted named records filled linked alive");
    add(all, "seal", 6, ANY_SCENE, "noted closed flagged");
    add(all, "retire", 6, ANY_SCENE, "flagged generation cleared done");
    add(all, "reset", 6, ANY_SCENE, "counts times");
    add(all, "open", 6, ANY_SCENE, "reset done");
    add(all, "decay", 2, ANY_SCENE, "closed sealed");
    add(all, "unlink", 2, ANY_SCENE, "spent data records");
    add(all, "entry", 2, ANY_SCENE, "claimed");
    add(all, "expire", 1, ANY_SCENE, "swept");
    List<Scene> alone = List.of(Scene.ALONE);
    add(all, "create", 1, alone, "cleared limits magic chunk control done");
    add(all, "join", 1, List.of(Scene.ALONE, Scene.BESIDE_ATTACHER), "slot");
    add(all, "leave", 1, List.of(Scene.ALONE, Scene.BESIDE_ATTACHER), "leases slot");
    add(all, "leave", 1, alone, "closed removed");
    add(all, "remove", 1, alone, "control");
    add(all, "remove", 4, alone, "file");
    List<Scene> after = List.of(Scene.AFTER_A_DEATH);
    add(all, "recover", 1, after, "cells suspects cleared leases files released revoked");
    for (Scene scene : ANY_SCENE) {
      all.add(new KillPoint("", 1, scene));
    }
    return all;
  }

  private static void add(
      List<KillPoint> all, String operation, int most, List<Scene> scenes, String steps) {
    for (String step : steps.split(" ")) {
      for (Scene scene : scenes) {
        all.add(new KillPoint(operation + "." + step, most, scene));
      }
    }
  }

  boolean isNamed() {
    return !name.isEmpty();
  }

  /** Whether blobs of the namespace have a TTL. */
  boolean expires() {
    return name.startsWith("expire.");
  }

  /** Whether a process may die with a handle that it got and told nobody. */
  boolean mayLeaveBlob() {
    return !isNamed() || name.endsWith(".left") || scene == Scene.TWO;
  }

  /** What the victim is told; empty when it is killed from outside. */
  String dieAt(SplittableRandom random) {
    return isNamed() ? name + ":" + (1 + random.nextInt(most)) : "";
  }

  @Override
  public String toString() {
    return (isNamed() ? name : "any instant") + " " + scene;
  }
}
