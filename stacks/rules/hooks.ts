import { list, patternOf, statementsOf } from "./policies.ts";
import { type Resource, referenced, resourcesOf, type Synthesized } from "./synthesized.ts";

const action = "autoscaling:CompleteLifecycleAction";

/**
 * A launch hook holds each machine back until the machine itself completes it: one that does not know the hook, or whose role may not
 * complete it for this very group, is thrown away when the hook's time is up, and so is the next one.
 */
export function hooksThatNobodyCompletes(synthesized: Synthesized): string[] {
  return resourcesOf(synthesized, "aws_autoscaling_group").flatMap((group) =>
    (group.body.initial_lifecycle_hook ?? [])
      .filter(({ lifecycle_transition }: Resource["body"]) => lifecycle_transition === "autoscaling:EC2_INSTANCE_LAUNCHING")
      .flatMap(({ name }: Resource["body"]) => {
        const template = referenced(synthesized, group.stack, String(group.body.launch_template?.id));
        const role = template && roleOf(synthesized, template);
        return [
          ...(template && knows(synthesized, template, group.body.name, name)
            ? []
            : [
                `${group.path} waits for the hook ${name}, and its machines' user data does not name group and hook (LIFECYCLE_GROUP, _HOOK).`,
              ]),
          ...(role && mayComplete(synthesized, role, group.body.name)
            ? []
            : [
                `${role?.path ?? group.path} may not complete the hook ${name} of ${group.body.name} (${action}): no machine would enter service.`,
              ]),
        ];
      }),
  );
}

function roleOf(synthesized: Synthesized, template: Resource): Resource | undefined {
  const profile = referenced(synthesized, template.stack, String(template.body.iam_instance_profile?.arn));
  return profile && referenced(synthesized, profile.stack, String(profile.body.role));
}

function knows(synthesized: Synthesized, template: Resource, group: string, hook: string): boolean {
  const [, local = ""] = /local\.([\w-]+)/.exec(String(template.body.user_data)) ?? [];
  const lines = String(synthesized.stacks.get(template.stack)?.locals?.[local]).split("\n");
  return lines.includes(`LIFECYCLE_GROUP=${group}`) && lines.includes(`LIFECYCLE_HOOK=${hook}`);
}

const mayComplete = (synthesized: Synthesized, role: Resource, group: string): boolean =>
  resourcesOf(synthesized, "aws_iam_role_policy")
    .filter(({ stack, body }) => referenced(synthesized, stack, String(body.role))?.path === role.path)
    .flatMap(statementsOf)
    .some(
      ({ Effect, Action, Resource: on }) =>
        Effect === "Allow" &&
        list(Action).some((one) => patternOf(one).test(action)) &&
        list(on).some((one) => one === "*" || patternOf(one.split(":autoScalingGroupName/")[1] ?? "").test(group)),
    );
