/** The digest of nothing: the stacks make no machine that would run it. */
export const notPublished = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** Stands for an artifact where the stacks are drawn, tested and rehearsed with machines, whatever is published. */
export const anyArtifact = "a".repeat(64);

/** What each environment runs. Publishing an artifact writes its sha256 here; the commit is the record of the release. */
export const artifacts = {
  pilot: { sha256: notPublished },
  staging: { sha256: notPublished },
  production: { sha256: notPublished },
} as const;
