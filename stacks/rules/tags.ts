import { type Body, resourcesOf, type Synthesized } from "./synthesized.ts";

export const requiredTags = ["Project", "Environment", "Place", "Stack", "Owner", "CostCentre", "ManagedBy"] as const;

/** Tags come from the provider; machines and disks get theirs from the group and the template, which the provider's do not reach. */
export function missingTags(synthesized: Synthesized): string[] {
  const complain = (path: string, tags: Body | undefined) => {
    const missing = requiredTags.filter((tag) => !tags?.[tag]);
    return missing.length > 0 ? [`${path} lacks the tags ${missing.join(", ")}; without them nobody owns it and no bill names it.`] : [];
  };
  const providers = [...synthesized.stacks].flatMap(([stack, json]) =>
    (json.provider?.aws ?? []).flatMap((provider) =>
      complain(`${stack}: the provider for ${provider.region}`, provider.default_tags?.[0]?.tags),
    ),
  );
  const groups = resourcesOf(synthesized, "aws_autoscaling_group").flatMap(({ path, body }) =>
    complain(
      path,
      Object.fromEntries((body.tag ?? []).filter((tag: Body) => tag.propagate_at_launch).map((tag: Body) => [tag.key, tag.value])),
    ),
  );
  const templates = resourcesOf(synthesized, "aws_launch_template").flatMap(({ path, body }) =>
    (body.tag_specifications ?? []).flatMap((one: Body) => complain(`${path} (${one.resource_type})`, one.tags)),
  );
  return [...providers, ...groups, ...templates];
}
