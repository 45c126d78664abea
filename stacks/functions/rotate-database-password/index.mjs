import { RDSClient } from "@aws-sdk/client-rds";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { rotation } from "./rotation.mjs";
import settings from "./settings.json" with { type: "json" };

/** The secret is at home, the database where it is written. */
export const handler = rotation({ secrets: new SecretsManagerClient(), rds: new RDSClient({ region: settings.region }), ...settings });
