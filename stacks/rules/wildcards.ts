/** Every "*" that a policy allows, by the end of its path, and why it cannot be narrower. A test fails on one that is not used. */
export const reasonedWildcards: Readonly<Record<string, string>> = {
  "/key#AccountDecidesByIam": "the account's own IAM decides about its key; without it nobody could ever change the key again",
  "/replica-south#AccountDecidesByIam": "as above, for the copy",
  "bootstrap/boundary#WhatThePlatformUses": "a boundary is the outermost limit: what a role may do is in its own policy",
  "bootstrap/boundary#LookAtIdentities": "as above; it reads, and no more",
  "bootstrap/ci-apply/build#BuildThePlatform": "CI makes and removes every resource of the platform; identities are bound separately",
  "bootstrap/ci-apply/build#ReadIdentities": "a plan reads every role and policy that it compares",
  "/secrets#RandomPassword": "GetRandomPassword knows no resource and reads nothing",
  "api/machine-role/sessions#Sessions": "Session Manager's actions know no resource",
  "visitor/role/tell#Metrics": "a metric is no resource; the condition names the one namespace",
  "visitor/role/tell#FindBucket": "the canary's runtime looks for its bucket among the account's; it sees names and nothing in them",
  "analytics/extract-role/join-the-network#Look": "describing network things knows no resource",
  "#PutMetrics": "a metric is no resource; the condition names the namespaces",
};
