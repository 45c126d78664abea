/** The digest of nothing: a machine that is told to run it says "publish an artifact first" and stays out of service. */
export const notPublished = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** What each environment runs. Publishing an artifact writes its sha256 here; the commit is the record of the release. */
export const artifacts = {
  pilot: { sha256: notPublished },
  staging: { sha256: notPublished },
  production: { sha256: notPublished },
} as const;
