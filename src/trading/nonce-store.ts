/** Where the highest nonce that may have been used is kept. One holder at a time. */
export interface NonceStore {
  /** 0 when the key was never used. */
  readonly highest: bigint;
  /** Durable when it returns. */
  reserve(highest: bigint): void;
  close(): void;
}

/** For hosts without files: the venue it talks to lives no longer than it does. */
export class MemoryNonceStore implements NonceStore {
  highest = 0n;

  reserve(highest: bigint): void {
    this.highest = highest;
  }

  close(): void {}
}
