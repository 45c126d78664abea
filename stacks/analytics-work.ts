/** What Glue runs at night and what Athena is asked; the scripts live in app/analytics and travel with the artifact. */
export const analyticsJobs = [
  { name: "orders", script: "orders.py", timeoutMinutes: 30, purpose: "orders and their items of the day, from PostgreSQL to columns" },
  { name: "daily-sales", script: "daily_sales.py", timeoutMinutes: 20, purpose: "sales by café, hour and item, equal to the ledger" },
] as const;

export const savedQueries = [
  {
    name: "daily-sales",
    purpose: "What each café sold, by day",
    sql: "select business_day, cafe_id, count(*) as orders, sum(total_minor) as total_minor from orders where state = 'paid' group by business_day, cafe_id order by business_day desc, total_minor desc",
  },
  {
    name: "peak-hours",
    purpose: "When orders come in, by hour of the café's day",
    sql: "select cafe_id, hour(placed_at_local) as hour, count(*) as orders from orders group by cafe_id, hour(placed_at_local) order by orders desc",
  },
  {
    name: "item-performance",
    purpose: "What sells and what it brings, by month",
    sql: "select item_id, month(business_day) as month, sum(quantity) as sold, sum(line_total_minor) as total_minor from order_items group by item_id, month(business_day) order by total_minor desc",
  },
] as const;
