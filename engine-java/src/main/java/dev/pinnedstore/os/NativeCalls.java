package dev.pinnedstore.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** Makes native calls, and is the one place where their error codes are captured. */
@SuppressWarnings("restricted")
final class NativeCalls {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();

  /** {@code GetLastError} on Windows, {@code errno} elsewhere. */
  private static final String CODE_NAME =
      OperatingSystem.CURRENT == OperatingSystem.WINDOWS ? "GetLastError" : "errno";

  private static final VarHandle CODE = STATE.varHandle(PathElement.groupElement(CODE_NAME));

  private NativeCalls() {}

  /** A call, given the segment that its error code goes to. */
  @FunctionalInterface
  interface Call {
    long invoke(MemorySegment state) throws Throwable;
  }

  /** Binds a function of the C library. */
  static MethodHandle bind(String name, FunctionDescriptor signature) {
    return bind(LINKER.defaultLookup(), name, signature);
  }

  /** Binds a function of the C library; null if this one has none of that name. */
  static @Nullable MethodHandle bindIfThere(String name, FunctionDescriptor signature) {
    return LINKER.defaultLookup().find(name).isPresent() ? bind(name, signature) : null;
  }

  /** Binds a function of the C library that takes what it is given. */
  static MethodHandle bind(String name, FunctionDescriptor signature, Linker.Option variadic) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name),
        signature,
        Linker.Option.captureCallState(CODE_NAME),
        variadic);
  }

  /** Binds a function of a library that stays loaded. */
  static MethodHandle bind(SymbolLookup library, String name, FunctionDescriptor signature) {
    return LINKER.downcallHandle(
        library.findOrThrow(name), signature, Linker.Option.captureCallState(CODE_NAME));
  }

  /** Returns memory for error codes, to be used by one thread at a time. */
  static MemorySegment newState(Arena arena) {
    return arena.allocate(STATE);
  }

  /** Calls; returns what the function returned, or the negated error code where that is failure. */
  static long call(long failure, Call call) {
    try (Arena arena = Arena.ofConfined()) {
      return call(newState(arena), failure, call);
    }
  }

  /** The same with memory for the error code that is there. */
  static long call(MemorySegment state, long failure, Call call) {
    try {
      long result = call.invoke(state);
      return result == failure ? -(int) CODE.get(state, 0L) : result;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a native call throws nothing checked", e);
    }
  }
}
