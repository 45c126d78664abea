import type { SNSClient, SNSClientConfig } from "@aws-sdk/client-sns";
import { isPermanent } from "./post.ts";
import { SmsRefused, type SmsSender } from "./sender.ts";

export interface SnsOptions {
  readonly provider: "sns";
  readonly region: string;
  /** 3 to 11 letters and digits, where the country allows a sender's name. */
  readonly senderId?: string;
  readonly endpoint?: string;
  /** Without them: the role of the machine. */
  readonly credentials?: NonNullable<SNSClientConfig["credentials"]>;
}

/** The SDK is loaded with the first message: only who sends through SNS pays for it. */
export const snsSender = (options: SnsOptions): SmsSender => {
  let opened: Promise<{ sns: typeof import("@aws-sdk/client-sns"); client: SNSClient }> | undefined;
  return {
    async send({ to, text }, signal) {
      opened ??= open(options);
      const { sns, client } = await opened;
      try {
        const command = new sns.PublishCommand({ PhoneNumber: to, Message: text, MessageAttributes: attributes(options.senderId) });
        const { MessageId } = await client.send(command, { abortSignal: signal });
        if (MessageId === undefined) throw new Error("no message id");
        return { providerId: MessageId };
      } catch (cause) {
        throw refused(cause, signal);
      }
    },
  };
};

// One attempt: the outbox decides when a message is tried again.
const open = async ({ region, endpoint, credentials }: SnsOptions) => {
  const sns = await import("@aws-sdk/client-sns");
  const client = new sns.SNSClient({ region, maxAttempts: 1, ...(endpoint && { endpoint }), ...(credentials && { credentials }) });
  return { sns, client };
};

const attributes = (senderId: string | undefined) => ({
  "AWS.SNS.SMS.SMSType": { DataType: "String", StringValue: "Transactional" },
  ...(senderId && { "AWS.SNS.SMS.SenderID": { DataType: "String", StringValue: senderId } }),
});

// AWS answers throttling and expired credentials with 400, so the name decides, not the status alone.
const temporaryNames = [
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "ExpiredToken",
  "ExpiredTokenException",
  "RequestExpired",
];

const refused = (cause: unknown, signal: AbortSignal): SmsRefused => {
  if (signal.aborted) return new SmsRefused("SNS did not answer in time", { permanent: false, cause });
  const { name, $metadata } = cause as { name?: string; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return new SmsRefused("SNS was not reached", { permanent: false, cause });
  return new SmsRefused(`SNS answered ${status} (${name})`, {
    permanent: isPermanent(status) && !temporaryNames.includes(name ?? ""),
    cause,
  });
};
