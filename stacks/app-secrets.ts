type AppSecretPlan = {
  readonly purpose: string /** Machines of the API read it at runtime; the others never can. */;
  readonly readByApp: boolean;
};

/** The secrets that stand in the app's configuration as `<NAME>_SECRET_ID`, never as a value. */
export const appSecrets = {
  DATABASE_PASSWORD: { purpose: "password of the app's database role", readByApp: true },
  MIGRATION_DATABASE_PASSWORD: { purpose: "password of the database role that owns the schema", readByApp: false },
  REDIS_PASSWORD: { purpose: "password of Redis", readByApp: true },
  JWT_KEYS: { purpose: "keys that sign access tokens, with overlap at a rotation", readByApp: true },
  RECEIPT_KEYS: { purpose: "keys that sign receipts; all stay published for ever", readByApp: true },
  CARD_PEPPER: { purpose: "key of the hash by which cards are looked up; never rotated", readByApp: true },
  LOG_PEPPER: { purpose: "key of the hash that stands for a phone number in logs", readByApp: true },
  SEAL_KEY: { purpose: "seals short-lived texts in the database", readByApp: true },
  FCM_SERVICE_ACCOUNT: { purpose: "Firebase service account that sends pushes", readByApp: true },
  GATEWAY_KEY_SECRET: { purpose: "payment gateway: secret of the API key", readByApp: true },
  GATEWAY_WEBHOOK_SECRET: { purpose: "payment gateway: signs its webhooks", readByApp: true },
  SMS_PROVIDER_TOKEN: { purpose: "SMS provider", readByApp: true },
} as const satisfies Record<string, AppSecretPlan>;

export type AppSecret = keyof typeof appSecrets;

export const secretsOfTheApp = (Object.keys(appSecrets) as AppSecret[]).filter((name) => appSecrets[name].readByApp);

export const secretSlug = (name: AppSecret): string => name.toLowerCase().replaceAll("_", "-");
