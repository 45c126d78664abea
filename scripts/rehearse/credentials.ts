export type Environment = Readonly<Record<string, string | undefined>>;

/** Any of these can lead an AWS SDK to a real account. */
const credentialVariables = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_PROFILE",
  "AWS_DEFAULT_PROFILE",
  "AWS_ROLE_ARN",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
] as const;

const loopback = /^https?:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?\/?$/;

export const isLoopback = (url: string | undefined): boolean => url !== undefined && loopback.test(url);

/** Why the rehearsal must not run here, or undefined. It hands its children dummy keys only; this is the second lock. */
export const realCredentials = (env: Environment): string | undefined => {
  const found = credentialVariables.filter((name) => env[name]);
  if (found.length === 0 || isLoopback(env.AWS_ENDPOINT_URL)) return undefined;
  return `AWS credentials are in the environment (${found.join(", ")}) and AWS_ENDPOINT_URL is not on loopback. The rehearsal must never meet a real account: unset ${found.join(" ")} and run it again.`;
};
