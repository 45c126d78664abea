import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { ApiError, type FailureCode } from "../../shared/api/request.ts";
import { CrossIcon, OfflineIcon } from "../../shared/ui/icons.tsx";
import { Bones, EmptyState, Notice } from "../../shared/ui/parts.tsx";
import type { List } from "../queries.ts";
import { useWords } from "../words/words.ts";

/** A page's head and body: its heading is where the reader is taken after a change of page. */
export const Page = ({
  title,
  what,
  actions,
  children,
}: {
  readonly title: string;
  readonly what?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) => (
  <div className="sheet-page stack">
    <header className="page-head">
      <div className="stack-tight">
        <h1>{title}</h1>
        {what && <p className="soft page-what">{what}</p>}
      </div>
      {actions && <div className="page-actions">{actions}</div>}
    </header>
    {children}
  </div>
);

interface ErrorStateProps {
  readonly error: unknown;
  readonly onRetry?: () => void;
  readonly isPage?: boolean;
}

/** What went wrong, in the reader's words; what to do; and the request's id for whoever is asked for help. */
export function ErrorState({ error, onRetry, isPage = false }: ErrorStateProps) {
  const w = useWords();
  const known = error instanceof ApiError ? error : undefined;
  return (
    <EmptyState
      isPage={isPage}
      title={w.app.failed}
      what={w.errors[known?.code ?? "INTERNAL_ERROR"]}
      icon={isAway(known) ? <OfflineIcon /> : <CrossIcon />}
    >
      <button type="button" className="button" onClick={onRetry ?? (() => location.reload())}>
        {w.app.retry}
      </button>
      {known?.requestId && <CopyButton text={known.requestId} label={w.app.copyId(known.requestId)} />}
    </EmptyState>
  );
}

const isAway = (error: ApiError | undefined) => error?.code === "OFFLINE" || error?.code === "UNREACHABLE";

/** Where one headline stands for many things, the server's own sentence is the headline. */
const saidByServer: readonly FailureCode[] = ["CONFLICT", "INSUFFICIENT_ROLE", "INVALID_TRANSITION"];

/** The same beside a form, in one line. What the server says of a field stands at that field. */
export function ErrorNote({ error }: { readonly error: unknown }) {
  const w = useWords();
  if (!error) return null;
  const known = error instanceof ApiError ? error : undefined;
  const said = known && known.code !== "VALIDATION_ERROR" && known.message !== "" && <span lang="en">{known.message}</span>;
  const isHeadline = known !== undefined && saidByServer.includes(known.code);
  return (
    <Notice tone="no" title={(isHeadline && said) || w.errors[known?.code ?? "INTERNAL_ERROR"]}>
      {!isHeadline && said && <p className="small">{said}</p>}
      {known?.requestId && <small className="request-id">{w.app.requestId(known.requestId)}</small>}
    </Notice>
  );
}

export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const w = useWords();
  const [isCopied, setIsCopied] = useState(false);
  return (
    <button
      type="button"
      className="button button-words"
      onClick={() => void navigator.clipboard.writeText(text).then(() => setIsCopied(true))}
    >
      {isCopied ? w.app.copied : label}
    </button>
  );
}

export interface Emptiness {
  readonly title: string;
  readonly what?: string;
  readonly action?: ReactNode;
}

interface LoadedProps<T> {
  readonly query: Pick<UseQueryResult<T>, "data" | "error" | "isError" | "refetch">;
  readonly bones?: number;
  readonly children: (data: T) => ReactNode;
}

/** Loading, error or data, in that order. */
export function Loaded<T>({ query, bones = 4, children }: LoadedProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  return <Bones count={bones} height={72} />;
}

export interface Column<Row> {
  readonly label: string;
  readonly cell: (row: Row) => ReactNode;
  readonly isNumber?: boolean;
}

interface TableProps<Row> {
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  readonly caption: string;
  readonly actions?: (row: Row) => ReactNode;
}

/** On a phone each row becomes a card whose cells carry their column's name. */
export function Table<Row>({ rows, columns, keyOf, caption, actions }: TableProps<Row>) {
  const w = useWords();
  return (
    <table className="table">
      <caption className="sr-only">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ label, isNumber }) => (
            <th key={label} scope="col" className={isNumber ? "number" : ""}>
              {label}
            </th>
          ))}
          {actions && (
            <th scope="col">
              <span className="sr-only">{w.app.actions}</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ label, cell, isNumber }) => (
              <td key={label} data-label={label} className={isNumber ? "number" : ""}>
                <div>{cell(row)}</div>
              </td>
            ))}
            {actions && (
              <td className="table-actions">
                <div>{actions(row)}</div>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface ListViewProps<Row> extends Omit<TableProps<Row>, "rows"> {
  readonly list: List<Row>;
  readonly empty: Emptiness;
  /** One of several lists on a page: empty, it takes one line. */
  readonly isPart?: boolean;
}

/** The four states of a list, and its next page. */
export function ListView<Row>({ list, empty, isPart = false, ...table }: ListViewProps<Row>) {
  if (list.rows === undefined)
    return list.isError ? <ErrorState error={list.error} onRetry={() => void list.refetch()} /> : <Bones count={6} height={56} />;
  if (list.rows.length === 0)
    return isPart ? (
      <p className="quiet-empty">
        {empty.title} {empty.what}
      </p>
    ) : (
      <EmptyState title={empty.title} what={empty.what}>
        {empty.action}
      </EmptyState>
    );
  return (
    <>
      <Table rows={list.rows} {...table} />
      <MoreButton list={list} />
    </>
  );
}

/** A list's next page, where there is one. */
export function MoreButton<Row>({ list }: { readonly list: List<Row> }) {
  const w = useWords();
  if (!list.hasNextPage) return null;
  return (
    <button
      type="button"
      className="button button-second more"
      disabled={list.isFetchingNextPage}
      onClick={() => void list.fetchNextPage()}
    >
      {w.app.more}
    </button>
  );
}

interface SureProps {
  readonly label: string;
  readonly sure: string;
  readonly onSure: () => void;
  readonly isPending?: boolean;
}

/** What cannot be taken back is asked once more, in its own words, where the finger is. */
export function Sure({ label, sure, onSure, isPending = false }: SureProps) {
  const w = useWords();
  const [isAsked, setIsAsked] = useState(false);
  if (!isAsked)
    return (
      <button type="button" className="button button-small button-second" disabled={isPending} onClick={() => setIsAsked(true)}>
        {label}
      </button>
    );
  return (
    <span className="sure">
      <button
        type="button"
        className="button button-small button-no"
        // The second half of a double click is no answer to a question that nobody has read.
        onClick={({ detail }) => {
          if (detail > 1) return;
          setIsAsked(false);
          onSure();
        }}
      >
        {sure}
      </button>
      <button type="button" className="button button-small button-words" onClick={() => setIsAsked(false)}>
        {w.app.cancel}
      </button>
    </span>
  );
}

export const Chip = ({ tone = "", children }: { readonly tone?: "act" | "wait" | "no" | ""; readonly children: ReactNode }) => (
  <span className={`chip ${tone === "" ? "" : `chip-${tone}`}`}>{children}</span>
);

/** One number and what it says. */
export const Figure = ({ label, value, note }: { readonly label: string; readonly value: ReactNode; readonly note?: ReactNode }) => (
  <div className="figure">
    <dt>{label}</dt>
    <dd>
      <strong>{value}</strong>
      {note !== undefined && <small>{note}</small>}
    </dd>
  </div>
);
