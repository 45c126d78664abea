const triesOfACall = 3;

/** Credentials and AWS_ENDPOINT_URL come from the environment, as for Terraform. */
export const clientSettings = (region: string) => ({
  region,
  maxAttempts: triesOfACall,
  // Of a socket on which nothing moves: an upload may take its time.
  requestHandler: { socketTimeout: 15_000, connectionTimeout: 5_000 },
});
