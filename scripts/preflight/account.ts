import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { Environment } from "../../regions/index.ts";
import { clientSettings } from "./client-settings.ts";
import { type Finding, fine, stop } from "./finding.ts";

const about = "account";

/** Who we are for AWS, and whether that is the account that the environment names. */
export async function checkAccount(environment: Environment): Promise<Finding> {
  const sts = new STSClient(clientSettings(environment.primary.region));
  try {
    const { Account: account, Arn: arn } = await sts.send(new GetCallerIdentityCommand({}));
    if (account === environment.accountId) return fine(about, `${account} as ${arn}`);
    return stop(
      about,
      `these credentials are for ${account} (${arn}), and ${environment.name} belongs in ${environment.accountId}`,
      `take credentials of ${environment.accountId} (AWS_PROFILE, or \`aws sso login\`), or mend accountId in regions/environments/${environment.name}.ts.`,
    );
  } catch (error) {
    return whyNot(error as Error);
  } finally {
    sts.destroy();
  }
}

function whyNot(error: Error): Finding {
  if (error.name === "CredentialsProviderError") {
    return stop(
      about,
      "no credentials were found",
      "log in (`aws sso login --profile NAME` and AWS_PROFILE=NAME), or take a role in CI by OIDC.",
    );
  }
  if (/Expired/.test(error.name))
    return stop(about, `the credentials have expired (${error.message})`, "log in again, with `aws sso login`.");
  if (/InvalidClientTokenId|Unrecognized|SignatureDoesNotMatch|AccessDenied/.test(error.name)) {
    return stop(
      about,
      `AWS refused the credentials (${error.name})`,
      "take new ones: these are wrong, switched off, or of a region that is not enabled.",
    );
  }
  return stop(about, `AWS could not be asked (${error.message})`, "look at the network, at a proxy, and at AWS_ENDPOINT_URL if it is set.");
}
