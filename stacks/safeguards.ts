/** Finds every protection that is switched off anywhere in a plan, and stops when its day has passed. Days compare as text. */
export function refuseExpiredSafeguards(plan: unknown, today: string, path = "the environment"): void {
  if (typeof plan !== "object" || plan === null) return;
  if ("on" in plan && plan.on === false) {
    const { reason, until } = plan as { readonly reason?: unknown; readonly until?: unknown };
    if (typeof reason !== "string" || reason.length < 10)
      throw new Error(`${path} is switched off without a reason; say why in ten characters or more.`);
    if (typeof until !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(until))
      throw new Error(`${path} is switched off until "${until}"; give a day as YYYY-MM-DD.`);
    if (until < today)
      throw new Error(
        `${path} was switched off until ${until} ("${reason}") and today is ${today}; switch it on or give a new day with its reason.`,
      );
  }
  for (const [key, value] of Object.entries(plan)) refuseExpiredSafeguards(value, today, `${path}.${key}`);
}
