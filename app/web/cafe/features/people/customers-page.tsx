import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { customersApi, inCafe, intent } from "../../api.ts";
import { refresh, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { type Field, FormSheet, orNull } from "../../ui/form.tsx";
import { Chip, ErrorNote, ListView, Page, Sure } from "../../ui/parts.tsx";
import { SearchField, useLater } from "../../ui/search-field.tsx";
import { useWords } from "../../words/words.ts";

const ask = (query: { readonly cursor?: string; readonly search?: string }) =>
  unwrap(customersApi.admin.customers.$get({ query: { limit: 50, ...query, ...inCafe() } }));
type Customer = Awaited<ReturnType<typeof ask>>["items"][number];
const key = ["cafe", "customers"];

export function CustomersPage() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const [search, setSearch] = useState("");
  const asked = useLater(search);
  const customers = useList<Customer>([...key, asked], (page) => ask({ ...page, ...(asked === "" ? {} : { search: asked }) }));
  const [edited, setEdited] = useState<Customer | "new">();
  const remove = useMutation({
    mutationFn: (customerId: string) =>
      unwrap(customersApi.admin.customers[":customerId"].$delete({ param: { customerId }, query: inCafe() })),
    onSettled: () => refresh(...key),
  });
  return (
    <Page
      title={w.nav.customers}
      what={w.customers.what}
      actions={
        <button type="button" className="button button-small" onClick={() => setEdited("new")}>
          {w.customers.add}
        </button>
      }
    >
      <SearchField value={search} onChange={setSearch} />
      <ErrorNote error={remove.error} />
      <ListView
        list={customers}
        caption={w.nav.customers}
        keyOf={({ id }) => id}
        empty={asked === "" ? { title: w.customers.none, what: w.customers.noneWhat } : { title: w.customers.notFound(asked) }}
        columns={[
          {
            label: w.app.name,
            cell: ({ label, is_student }) => (
              <>
                <strong>{label}</strong> {is_student && <Chip>{w.app.student}</Chip>}
              </>
            ),
          },
          { label: w.customers.reach, cell: ({ email, phone }) => [email, phone].filter(Boolean).join(" · ") || "–" },
          { label: w.customers.orders, isNumber: true, cell: ({ order_count }) => order_count },
          { label: w.customers.spent, isNumber: true, cell: ({ total_spent_minor, currency }) => money(total_spent_minor, currency) },
          { label: w.customers.last, cell: ({ last_order_at }) => (last_order_at ? dayAndTime(last_order_at) : "–") },
        ]}
        actions={(customer) => (
          <>
            <button type="button" className="button button-small button-second" onClick={() => setEdited(customer)}>
              {w.app.edit}
            </button>
            {!customer.is_student && <Sure label={w.app.remove} sure={w.customers.removeSure} onSure={() => remove.mutate(customer.id)} />}
          </>
        )}
      />
      {edited && (
        <CustomerSheet
          customer={edited === "new" ? undefined : edited}
          onClose={() => {
            setEdited(undefined);
            void refresh(...key);
          }}
        />
      )}
    </Page>
  );
}

function CustomerSheet({ customer, onClose }: { readonly customer: Customer | undefined; readonly onClose: () => void }) {
  const w = useWords();
  const fields: readonly Field[] = [
    { name: "name", label: w.app.name, value: customer?.name ?? "", isOptional: customer?.is_student === true, most: 100 },
    { name: "email", label: w.customers.email, kind: "email", value: customer?.email ?? "", isOptional: true },
    { name: "phone", label: w.customers.phone, kind: "tel", value: customer?.phone ?? "", isOptional: true },
    { name: "address", label: w.register.address, kind: "area", value: customer?.address ?? "", isOptional: true, most: 300 },
  ];
  return (
    <FormSheet
      title={customer?.label ?? w.customers.add}
      fields={fields}
      submit={w.app.save}
      onSubmit={({ name, email, phone, address }) => {
        const rest = { email: orNull(email), phone: orNull(phone), address: orNull(address) };
        return customer
          ? unwrap(
              customersApi.admin.customers[":customerId"].$put({
                param: { customerId: customer.id },
                query: inCafe(),
                json: { name: orNull(name), ...rest, version: customer.version },
              }),
            )
          : unwrap(customersApi.admin.customers.$post({ query: inCafe(), json: { name: name ?? "", ...rest } }, intent()));
      }}
      onClose={onClose}
    />
  );
}
