interface TrustedTypePolicies {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): unknown;
}

/** The one script address that code may name is the app's own worker; everything else that writes code from text is refused. */
export function allowOnlyWorker(worker: string): void {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypePolicies };
  trustedTypes?.createPolicy("default", {
    createScriptURL(address) {
      if (address === worker) return address;
      throw new TypeError(`This address may not be run: ${address}`);
    },
  });
}
