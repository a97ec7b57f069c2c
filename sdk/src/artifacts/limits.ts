/** Bounds of a tree of files, as `crates/artifacts` has them. */

/** What a tree may hold at most. A value equal to a limit is allowed, one above it is refused. */
export type ArtifactLimits = {
  /** Sum of the sizes of all files, bytes. */
  readonly maxBytes: bigint;
  readonly maxFiles: number;
  /** Number of names in a path: `a/b/c` has depth 3. */
  readonly maxDepth: number;
  /** Length of a whole path in bytes of UTF-8, slashes included. */
  readonly maxPathBytes: number;
};

/** 16 GiB in 100,000 files, the network's default. */
export const ARTIFACT_LIMITS: ArtifactLimits = {
  maxBytes: 16n * 1024n * 1024n * 1024n,
  maxFiles: 100_000,
  maxDepth: 32,
  maxPathBytes: 1_024,
};
/** Longest single name, bytes: what common file systems store. */
export const NAME_BYTES_MAX = 255;
/** Longest manifest in a bundle, bytes: it is held whole before any of it is trusted. */
export const MANIFEST_BYTES_MAX = 64 * 1024 * 1024;
