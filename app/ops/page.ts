/** Own files alone. Charts come as markup from our own API, and no script in them could run. */
export const pageCsp =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const pageHtml = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Campus Pay operations</title>
    <link rel="stylesheet" href="/ops/page.css">
    <script src="/ops/page.js" type="module"></script>
  </head>
  <body>
    <header>
      <h1>Campus Pay <span>operations</span></h1>
      <p id="state" role="status">…</p>
    </header>
    <form id="login" hidden>
      <p>For admins. On this machine the demo's admin works.</p>
      <label>User name <input name="username" autocomplete="username" required></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <button>Log in</button>
    </form>
    <main id="main" hidden>
      <section aria-labelledby="alarms-title">
        <h2 id="alarms-title">Alarms</h2>
        <div id="alarms"></div>
      </section>
      <section aria-labelledby="budgets-title">
        <h2 id="budgets-title">Budgets of the last 25 hours</h2>
        <table>
          <thead><tr><th>promise</th><th>target</th><th>events</th><th>bad</th><th>spent</th><th></th></tr></thead>
          <tbody id="budgets"></tbody>
        </table>
      </section>
      <div class="pair">
        <section aria-labelledby="queues-title">
          <h2 id="queues-title">Outbox</h2>
          <table><thead><tr><th>topic</th><th>waits</th><th>dead</th></tr></thead><tbody id="queues"></tbody></table>
        </section>
        <section aria-labelledby="deploys-title">
          <h2 id="deploys-title">Versions seen</h2>
          <table><thead><tr><th>version</th><th>first</th><th>last</th><th>processes</th></tr></thead><tbody id="deploys"></tbody></table>
        </section>
      </div>
      <div id="boards"></div>
    </main>
  </body>
</html>
`;
