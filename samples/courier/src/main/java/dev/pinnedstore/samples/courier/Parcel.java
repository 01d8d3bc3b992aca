package dev.pinnedstore.samples.courier;

/**
 * A published blob on its way to a consumer process. Belongs to one thread at a time: who puts it
 * into {@link Dispatch} gives it away, who takes it has it.
 */
final class Parcel {
  final int file;
  final int piece;
  final int checksum;
  final byte[] handle;
  final long bytes;

  /** Whether some consumer had its bytes. One that died afterwards may have acknowledged it. */
  private boolean verified;

  Parcel(int file, int piece, int checksum, byte[] handle, long bytes) {
    this.file = file;
    this.piece = piece;
    this.checksum = checksum;
    this.handle = handle;
    this.bytes = bytes;
  }

  boolean isVerified() {
    return verified;
  }

  void setVerified() {
    verified = true;
  }
}
