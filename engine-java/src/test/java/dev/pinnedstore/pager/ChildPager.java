package dev.pinnedstore.pager;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.ValueLayout;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Uses a pager in a JVM of its own, which may be killed. */
final class ChildPager {
  private ChildPager() {}

  public static void main(String... args) throws Exception {
    Path path = Path.of(args[1]);
    switch (args[0]) {
      case "open" -> open(path);
      case "read" -> read(path, Long.parseLong(args[2]));
      case "fill" -> fill(path);
      case "write" -> write(path, Long.parseLong(args[2]));
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static void open(Path path) throws IOException {
    try (Pager pager = Pager.open(path, 1024)) {
      System.out.println("opened " + pager.pageCount());
    } catch (PagerException e) {
      System.out.println(e.getClass().getSimpleName());
    }
  }

  /** Allocates and writes until the file system is full, frees one and goes on. */
  private static void fill(Path path) throws IOException {
    try (Pager pager = Pager.create(path, 1024)) {
      List<PageId> pages = new ArrayList<>();
      String refusal = "none";
      while (refusal.equals("none") && pages.size() < 100_000) {
        try {
          PageId id = pager.alloc();
          pager.page(id).fill((byte) pages.size());
          pages.add(id);
        } catch (PagerFullException e) {
          refusal = e.getClass().getSimpleName();
        }
      }
      boolean whole = true;
      for (int i = 0; i < pages.size(); i++) {
        whole &= pager.page(pages.get(i)).get(ValueLayout.JAVA_BYTE, 1023) == (byte) i;
      }
      pager.free(pages.getFirst());
      pager.page(pager.alloc()).fill((byte) 1);
      pager.sync();
      boolean sound = pager.verify().problems().isEmpty();
      System.out.println(refusal + " after some=" + (pages.size() > 100) + ", " + whole + sound);
    }
  }

  /** Prints the first byte of a page, again and again as it is asked by lines. */
  private static void read(Path path, long id) throws IOException {
    try (ReadOnlyPager pager = ReadOnlyPager.open(path, 1024);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, UTF_8))) {
      System.out.println("ready");
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        PageId page = new PageId(Long.parseLong(line));
        System.out.println(pager.page(page).get(ValueLayout.JAVA_BYTE, 0));
      }
    }
  }

  /**
   * Changes a pager until it is killed. Before each change it says what it will do, and after it
   * that it is durable: a number that is both in a root and in every byte of a protected page.
   */
  private static void write(Path path, long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    try (Pager pager = Pager.open(path, 1024)) {
      SubPageAllocator subs = new SubPageAllocator(pager, 64);
      ProtectedPage page = pager.protectedPage(pager.root(1));
      long number = pager.root(0);
      while (true) {
        number++;
        try (ProtectedPage.Writer writer = page.writer()) {
          PagerState.stamp(writer.segment(), number);
          writer.commit(Durability.NONE);
        }
        pager.setRoot(0, number);
        System.out.println(number);
        System.out.flush();
        List<PageId> pages = new ArrayList<>();
        pager.allocated().forEach(pages::add);
        pager.freeBulk(pages.stream().filter(id -> random.nextBoolean()).toList());
        pager.allocBulk(random.nextInt(200), Durability.NONE);
        List<SubPageId> slots = new ArrayList<>();
        subs.allocated().forEach(slots::add);
        subs.freeBulk(slots.stream().filter(id -> random.nextBoolean()).toList());
        subs.allocBulk(random.nextInt(200), Durability.GROUP);
        if (random.nextInt(20) == 0) {
          pager.compact((from, to) -> {});
          pager.shrink();
          // Compaction may have moved the page.
          page = pager.protectedPages().allocated().iterator().next();
          pager.setRoot(1, page.value());
        }
      }
    }
  }

  /** Starts a child. */
  static Process start(String... args) throws IOException {
    return new ProcessBuilder(command(List.of(), args))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /** The command of a child. */
  static List<String> command(List<String> options, String... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(
        List.of(
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-Xshare:auto",
            "-cp",
            String.join(
                System.getProperty("path.separator"),
                classPathOf(Pager.class).toString(),
                classPathOf(ChildPager.class).toString()),
            ChildPager.class.getName()));
    command.addAll(List.of(args));
    return command;
  }

  /** Runs a child to its end; its last line. */
  static String run(String what, Path path) throws Exception {
    Process child = start(what, path.toString());
    String out = new String(child.getInputStream().readAllBytes(), UTF_8);
    child.waitFor();
    return out.strip();
  }

  /** Where a class was loaded from; the code source is not it when tests patch the module. */
  private static Path classPathOf(Class<?> type) throws IOException {
    try {
      URI file = type.getResource(type.getSimpleName() + ".class").toURI();
      Path root = Path.of(file);
      for (int i = type.getName().split("\\.").length; i > 0; i--) {
        root = root.getParent();
      }
      return root;
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
  }
}
