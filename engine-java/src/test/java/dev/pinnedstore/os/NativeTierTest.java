package dev.pinnedstore.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said about the machine and about what may be called. */
@Tag("contract")
class NativeTierTest {
  @Test
  void flagNamesTheModuleThatNeedsIt() {
    Module module = NativeTier.class.getModule();
    assertThat(NativeTier.flag())
        .isEqualTo(
            module.isNamed()
                ? "--enable-native-access=dev.pinnedstore.engine"
                : "--enable-native-access=ALL-UNNAMED");
  }

  @Test
  void tierIsWhatTheModuleWasGranted() {
    assertThat(NativeTier.current() == NativeTier.GRANTED)
        .isEqualTo(NativeTier.class.getModule().isNativeAccessEnabled());
  }

  @Test
  void nativeSourceIsRefusedWithTheFlagThatGrantsIt() {
    assumeTrue(NativeTier.current() == NativeTier.DENIED, "native access is granted to this JVM");
    assertThatThrownBy(() -> MemorySource.forTier(NativeTier.GRANTED))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(NativeTier.flag());
    assertThat(ThreadUsage.available()).isFalse();
    assertThatThrownBy(ThreadUsage::current)
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining(NativeTier.flag());
  }

  @Test
  void memoryLimitIsPlausible() {
    assertThat(Machine.memoryLimitBytes())
        .isGreaterThanOrEqualTo(Runtime.getRuntime().totalMemory())
        .isGreaterThanOrEqualTo(Machine.freeMemoryBytes());
    assertThat(Machine.pageBytes()).isEqualTo(4096);
  }

  @Test
  void faultsOfTheThreadAreCounted() throws Exception {
    assumeTrue(ThreadUsage.available(), "counts faults by getrusage of Linux");
    Mapping mapping = MemorySource.forTier(NativeTier.GRANTED).map(4096, 0, false);
    ThreadUsage before = ThreadUsage.current();
    mapping.base().set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
    ThreadUsage after = ThreadUsage.current();
    assertThat(after.minorFaults()).isGreaterThan(before.minorFaults());
    assertThat(mapping.close()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"Linux, LINUX", "Mac OS X, MAC", "Windows 11, WINDOWS", "FreeBSD, OTHER"})
  void systemIsKnownByItsName(String name, OperatingSystem system) {
    assertThat(OperatingSystem.named(name)).isEqualTo(system);
  }
}
