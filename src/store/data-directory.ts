// The lock of an embedded data directory. To be written: see DirectoryLock.
/** Held until released. */
export interface DirectoryLock {
  directory: string;
  release(): Promise<void>;
}
