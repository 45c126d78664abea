import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { errorOf, unwrap } from "../../../shared/api/request.ts";
import { Sheet } from "../../../shared/ui/parts.tsx";
import { inCafe, intent, tablesApi } from "../../api.ts";
import { refresh, useList } from "../../queries.ts";
import { FormSheet } from "../../ui/form.tsx";
import { CopyButton, ErrorNote, ListView, Loaded, Page, Sure } from "../../ui/parts.tsx";
import { save } from "../../ui/save.ts";
import { useWords } from "../../words/words.ts";

const key = ["cafe", "tables"];
const ask = (page: { readonly cursor?: string }) => unwrap(tablesApi.admin.tables.$get({ query: { limit: 100, ...page, ...inCafe() } }));
type CafeTable = Awaited<ReturnType<typeof ask>>["items"][number];

/** Each table has a code: scanned, it opens this café's menu with the table set. */
export function TablesPage() {
  const w = useWords();
  const tables = useList<CafeTable>(key, ask);
  const [isAdding, setIsAdding] = useState(false);
  const [shown, setShown] = useState<CafeTable>();
  const remove = useMutation({
    mutationFn: (tableId: string) => unwrap(tablesApi.admin.tables[":tableId"].$delete({ param: { tableId }, query: inCafe() })),
    onSettled: () => refresh(...key),
  });
  const sheet = useMutation({ mutationFn: saveSheets });
  const add = (
    <button type="button" className="button button-small" onClick={() => setIsAdding(true)}>
      {w.tables.add}
    </button>
  );
  return (
    <Page
      title={w.nav.tables}
      what={w.tables.what}
      actions={
        <>
          {(tables.rows?.length ?? 0) > 0 && (
            <button type="button" className="button button-small button-second" disabled={sheet.isPending} onClick={() => sheet.mutate()}>
              {w.tables.sheet}
            </button>
          )}
          {add}
        </>
      }
    >
      <ErrorNote error={remove.error ?? sheet.error} />
      <ListView
        list={tables}
        caption={w.nav.tables}
        keyOf={({ id }) => id}
        empty={{ title: w.tables.none, what: w.tables.noneWhat, action: add }}
        columns={[
          { label: w.tables.label, cell: ({ label }) => <strong>{label}</strong> },
          { label: w.tables.code, cell: ({ code }) => <code>{code}</code> },
          { label: w.tables.address, cell: ({ url }) => <span className="soft break">{url}</span> },
        ]}
        actions={(table) => (
          <>
            <button type="button" className="button button-small button-second" onClick={() => setShown(table)}>
              {w.tables.show}
            </button>
            <Sure label={w.app.remove} sure={w.tables.removeSure} onSure={() => remove.mutate(table.id)} />
          </>
        )}
      />
      {isAdding && (
        <FormSheet
          title={w.tables.add}
          what={w.tables.addWhat}
          fields={[{ name: "label", label: w.tables.label, most: 40 }]}
          submit={w.app.add}
          onSubmit={({ label = "" }) => unwrap(tablesApi.admin.tables.$post({ query: inCafe(), json: { label } }, intent()))}
          onDone={() => {
            setIsAdding(false);
            void refresh(...key);
          }}
          onClose={() => setIsAdding(false)}
        />
      )}
      {shown && <CodeSheet table={shown} onClose={() => setShown(undefined)} />}
    </Page>
  );
}

function CodeSheet({ table, onClose }: { readonly table: CafeTable; readonly onClose: () => void }) {
  const w = useWords();
  const picture = useQuery({
    queryKey: ["cafe", "table code", table.id],
    queryFn: async () => {
      const answer = await tablesApi.admin.tables[":tableId"]["qr.svg"].$get({ param: { tableId: table.id }, query: inCafe() });
      return (await answer.blob()) as Blob;
    },
  });
  return (
    <Sheet title={table.label} closeLabel={w.app.close} onClose={onClose}>
      <h2 className="sheet-title">{table.label}</h2>
      <div className="table-code printed">
        <Loaded query={picture} bones={1}>
          {(blob) => <CodeImage blob={blob} alt={table.label} />}
        </Loaded>
        <p>{w.tables.scan}</p>
      </div>
      <div className="sheet-actions">
        <button type="button" className="button" onClick={() => print()}>
          {w.app.print}
        </button>
        {picture.data && (
          <button type="button" className="button button-small button-second" onClick={() => save(picture.data, `${table.label}.svg`)}>
            {w.tables.saveSvg}
          </button>
        )}
        <CopyButton text={table.url} label={w.tables.copy} />
      </div>
    </Sheet>
  );
}

function CodeImage({ blob, alt }: { readonly blob: Blob; readonly alt: string }) {
  const [address] = useState(() => URL.createObjectURL(blob));
  return <img className="table-code-image" src={address} alt={alt} width={320} height={320} />;
}

const sheetsAtMost = 20;

/** The sheets of all tables, twelve on each, until one is not there. */
async function saveSheets(): Promise<void> {
  for (let page = 1; page <= sheetsAtMost; page += 1) {
    const answer = await tablesApi.admin.tables["qr-sheet.png"].$get({ query: { page, ...inCafe() } });
    if (answer.status === (404 as number) && page > 1) return;
    if (!answer.ok) throw await errorOf(answer);
    save(await answer.blob(), `tables-${page}.png`);
  }
}
