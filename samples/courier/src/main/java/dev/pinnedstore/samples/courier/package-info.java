/**
 * The courier: delivers every file below a directory through a store and checks each byte of it.
 *
 * <p>One thread reads and appends, some view, verify and acknowledge, and the store's lifecycle
 * runs beside them. Read {@link dev.pinnedstore.samples.courier.Delivery} first, then {@link
 * dev.pinnedstore.samples.courier.Sender} and {@link dev.pinnedstore.samples.courier.Verifier}.
 *
 * <p>Through the shared backend the same is done by child processes: {@link
 * dev.pinnedstore.samples.courier.SharedDelivery}, then {@link
 * dev.pinnedstore.samples.courier.Wire}.
 */
@NullMarked
package dev.pinnedstore.samples.courier;

import org.jspecify.annotations.NullMarked;
