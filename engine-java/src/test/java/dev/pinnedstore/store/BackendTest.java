package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BackendTest {

  @Test
  void aBackendIsAValueNamedAfterItsFactoryMethod() {
    Backend segmented = Backend.segmented();
    assertThat(segmented).isEqualTo(Backend.segmented()).hasSameHashCodeAs(Backend.segmented());
    assertThat(segmented.name()).isEqualTo("segmented");
    assertThat(segmented).hasToString("segmented");
  }
}
