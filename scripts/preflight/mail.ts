import { GetAccountCommand, GetEmailIdentityCommand, type GetEmailIdentityResponse, SESv2Client } from "@aws-sdk/client-sesv2";
import { type Environment, mailDomain, type Region } from "../../regions/index.ts";
import { clientSettings } from "./client-settings.ts";
import { type Finding, fine, stop } from "./finding.ts";

/** Where receipts are mailed: whether SES knows the sender's domain in this region, and sends to everybody. */
export async function checkMail({ receiptMail, domain: site }: Environment, region: Region): Promise<Finding[]> {
  if (!receiptMail) return [];
  const domain = mailDomain(receiptMail.from);
  const ses = new SESv2Client(clientSettings(region));
  try {
    return [await checkSender(ses, region, domain), await checkSending(ses, region, site)];
  } finally {
    ses.destroy();
  }
}

async function checkSender(ses: SESv2Client, region: Region, domain: string): Promise<Finding> {
  const about = `mail from ${domain} in ${region}`;
  const identity = await ses.send(new GetEmailIdentityCommand({ EmailIdentity: domain })).catch(unlessNotFound);
  if (!identity) {
    return stop(
      about,
      "SES does not know the domain",
      `aws sesv2 create-email-identity --region ${region} --email-identity ${domain}; then set its three DKIM records (CNAME) in the zone of the domain.`,
    );
  }
  if (identity.VerifiedForSendingStatus === true) return fine(about, "verified for sending");
  return stop(
    about,
    `not verified for sending (${identity.VerificationStatus ?? "no status"})`,
    `set the DKIM records in the zone of the domain: ${dkimRecords(domain, identity)}; SES looks again by itself, within 72 hours.`,
  );
}

async function checkSending(ses: SESv2Client, region: Region, site: string): Promise<Finding> {
  const about = `mail account in ${region}`;
  const { ProductionAccessEnabled: toEverybody, SendingEnabled: sends } = await ses.send(new GetAccountCommand({}));
  if (!toEverybody) {
    return stop(
      about,
      "SES is in its sandbox here: it sends to verified addresses only",
      `ask for production access (a day or so): aws sesv2 put-account-details --region ${region} --production-access-enabled --mail-type TRANSACTIONAL --website-url https://${site}`,
    );
  }
  if (sends === false) {
    return stop(
      about,
      "SES has paused sending for this account",
      `read why in the SES console of ${region} (bounces, complaints), mend it, then: aws sesv2 put-account-sending-attributes --region ${region} --sending-enabled`,
    );
  }
  return fine(about, "sends to everybody");
}

const dkimRecords = (domain: string, { DkimAttributes: dkim }: GetEmailIdentityResponse): string =>
  (dkim?.Tokens ?? []).map((token) => `${token}._domainkey.${domain} CNAME ${token}.dkim.amazonses.com`).join(", ") ||
  "see the SES console";

function unlessNotFound(error: Error): undefined {
  if (error.name !== "NotFoundException") throw error;
}
