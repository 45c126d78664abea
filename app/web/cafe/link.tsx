import { Link, type LinkProps, useNavigate, useRouterState } from "@tanstack/react-router";
import type { ReactNode } from "react";

// One TypeScript program knows one router's addresses, and that is the student's: here an address is a string.
interface GoProps {
  readonly to: string;
  readonly className?: string;
  readonly onClick?: (() => void) | undefined;
  readonly children: ReactNode;
}

export const Go = ({ to, ...rest }: GoProps) => <Link {...({ to, ...rest } as LinkProps)} />;

/** Goes to an address of the portal, with what stands behind its question mark. */
export function useGo() {
  const navigate = useNavigate();
  return (to: string, { search, replace = false }: { search?: Readonly<Record<string, string>>; replace?: boolean } = {}) =>
    navigate({ to, search, replace } as never);
}

/** What stands behind the question mark, as text. */
export function useQuestion(name: string): string | undefined {
  const found = useRouterState({ select: ({ location }) => (location.search as Record<string, unknown>)[name] });
  return typeof found === "string" && found !== "" ? found : undefined;
}

/** The part of the address that its pattern calls by this name. */
export function usePart(name: string): string {
  return useRouterState({
    select: ({ matches }) => String((matches.at(-1)?.params as Record<string, string> | undefined)?.[name] ?? ""),
  });
}
