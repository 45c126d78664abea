/**
 * OWASP ASVS 4.0.3, levels 1 and 2, in our words. A line: number | what is asked | what shows it. `= name` is a test of that name, which
 * must exist; `: text` is the reason why there is none. Numbers of one answer stand together.
 */
export const chapters: readonly { readonly title: string; readonly lines: string }[] = [
  {
    title: "V1 Architecture",
    lines: `
1.1.1–1.1.7 | a life cycle with security in it, threat models, secure coding rules at hand | : findings are filed, met by a failing test first and noted; the rules are lint rules and canaries (CONTRIBUTING.md)
1.2.1–1.2.4 | accounts of low privilege, one vetted way to authenticate, the same strength everywhere | = $name lets in nobody without a credential, with a forged one, an expired one or another role's
1.4.1, 1.4.4 | access control enforced on the server, by one mechanism | = every endpoint that is not public names the roles that may call it
1.4.5 | access by what a person may do and owns, not by role alone | = $name gives another café's staff nothing of the first one's
1.5.1–1.5.4 | where input is validated and output encoded is defined and done by the server | = every JSON body refuses fields that it does not know
1.6.1–1.6.4 | keys are managed, replaceable, kept apart and never on a client | = during a rotation tokens of the old key and of the new key are both good
1.7.1, 1.7.2 | one format of logs, sent away to be kept | = each request is one log line and one count, by its route and never by its address
1.8.1, 1.8.2 | personal data are known and have rules of protection | = after an erasure no table, Redis key or log line holds the person, and the books still balance
1.9.1, 1.9.2 | connections between parts are encrypted and each end is checked | = $name: where the database takes TLS only, every machine knows whose certificate to believe
1.10.1, 1.11.1–1.11.3 | source control; business flows defined, without race or time of check to time of use | = debits, refunds, cancels, adjustments, freezes and new cards at once leave sound books and no error of ours (SEED=\${seed})
1.12.2 | what people upload is served safely | = that only begins like a PNG
1.14.1–1.14.6 | parts are separated, deployed from source, no client-side technology that is not supported | = constructs read no environment, clock or chance, and know no stack`,
  },
  {
    title: "V2 Authentication",
    lines: `
2.1.1 | passwords of 12 characters at least | = an owner adds staff to the own café, whose one-time password opens nothing but the choice of an own one
2.1.2, 2.1.3 | 64 characters and more are taken, nothing is cut off | : up to 72 bytes, which is what bcrypt reads; longer ones are refused and not cut off
2.1.4 | any character may be used | : no rule but length and commonness; text is composed (NFC) before it is hashed
2.1.5, 2.1.6 | staff change their password, with the present one | = the password alone puts no other secret in the place of the one that counts, and chooses no other password
2.1.7 | no password that is common or was leaked | = %s is no password
2.1.1, 2.1.7 | the same for the owner who registers a café | = a registration with %s is refused
2.1.8–2.1.12 | a meter, no composition rules, no periodic change, paste and reveal allowed | : the portal's log-in page; there is no rule of composition and no forced change
2.2.1 | a student's code is guessed a few times a day, and nobody is kept out by strangers | = codes that strangers ask for keep nobody out who has logged in here before, and are no more than thirty a day
2.2.1 | guessing is slowed down for one account of staff, and nobody is locked out by it | = hundreds of tries with invented names take no place in the queue, and no honest login is refused or locked
2.2.2 | weak authenticators (SMS) only as a secondary means, with a stronger one beside it | = a stolen token without the phone's key confirms nothing
2.2.3 | told of what changes the account | = the message says what the code is for, and every channel tells of the request and of the approval
2.2.4–2.2.7 | resists phishing, replay and a stolen device (level 3 in part) | = staff make a passkey and log in with it alone; it answers once, only for this origin, and only unlocked
2.3.1, 2.3.2 | first passwords are random, end, and cannot become the lasting one | = a one-time password that nobody used for three days opens nothing
2.4.1–2.4.5 | passwords are stored as a slow salted hash | = an owner adds staff to the own café, whose one-time password opens nothing but the choice of an own one
2.5.1–2.5.3 | recovery reveals no password and uses no hint or secret question | = a reset gives a one-time password and ends what the old one had opened
2.5.4 | no shared or default accounts | : the demo's accounts are impossible with CAMPUS_ENV=production
2.5.5 | another phone is told on the old one | = whoever enters another phone for a student is told of on the old one, and gets no code for money, guards or keys for three days
2.5.5 | a key that is removed is told | = a removed key is gone for good, signatures stay necessary, and every channel tells
2.5.5 | a changed factor is told | = the message says what the code is for, and every channel tells of the request and of the approval
2.5.6, 2.5.7 | a lost password or factor is replaced with proof of identity of the same strength | = one admin alone makes nobody finance or admin, resets no such account and brings none back
2.6.1–2.6.3 | recovery codes are used once, random, and hard to guess offline | = secrets and recovery codes stand in no table and no line as they are
2.7.1–2.7.4 | codes by SMS end after ten minutes, are used once, and go by a separate channel | = a used one-time password opens nothing a second time
2.7.5, 2.7.6 | codes are stored as hashes and made by a secure generator | = neither phone nor code nor token of a login stands in any log line
2.8.1–2.8.6 | TOTP: limited time, secrets protected, each code once, refused ones logged | = a code opens once, a recovery code opens once, and a wrong one counts as a failed login
2.9.1–2.9.3 | keys of cryptographic authenticators are kept safe, challenges are unique | = staff make a passkey and log in with it alone; it answers once, only for this origin, and only unlocked
2.10.1–2.10.4 | services among themselves: no fixed passwords in code, kept in a vault | = $name: no secret stands in any JSON, user data included`,
  },
  {
    title: "V3 Sessions",
    lines: `
3.1.1 | no token in an address | = a token in the query opens the socket and stands in no log line
3.2.1 | a new token at each log-in | = a phone's first one-time password makes a student without a name and opens a session
3.2.2–3.2.4 | 64 bits of entropy at least, kept safely in the browser, by approved algorithms | = a login that asks for cookies gets tokens that no script can read
3.3.1 | a log-out ends the session, back button or not | = after the logout neither token works, here at once and on the other process through Redis
3.3.2 | re-authentication after 12 hours or 30 minutes of rest (level 2) | = a session that nobody used for two hours is not renewed, and none lasts longer than sixteen
3.3.3 | other sessions can be ended after a change of the password | = another role ends the sessions, whose tokens carry the old one
3.3.4 | people see and end their sessions | = staff see where they are logged in, end one of them at once, and nobody else's
3.4.1–3.4.5 | cookies: Secure, HttpOnly, SameSite, __Host-, a narrow path | = over HTTPS the cookies are bound to this host and to a secure connection
3.5.1–3.5.3 | tokens can be revoked, are no fixed API keys, signed against change | = forged and malformed tokens are refused
3.7.1 | a new proof before a bank card is charged by itself | = a token alone opens nobody's bank card: a higher line takes a code for these two lines, and a lower one none
3.7.1 | a whole session or a new proof before what is sensitive | = a stolen token alone sends no wallet away, raises no limit and thaws nothing`,
  },
  {
    title: "V4 Access control",
    lines: `
4.1.1–4.1.3, 4.1.5 | enforced by the server, by least privilege, failing closed | = $name lets in nobody without a credential, with a forged one, an expired one or another role's
4.2.1 | no access to what belongs to others by its id | = $name gives another café's staff nothing of the first one's
4.2.2 | no request forged from another site | = a cookie session reads without a CSRF token and writes only with its own
4.3.1 | administration by a second factor | = %s comes in with a second factor only, and sets up the first one with the password
4.3.2 | no listing of folders | = %s shows nothing
4.3.3 | nobody is both of two people | = two accounts whose passwords one person read are that person, also through a third account
4.3.3 | who bears what was given back elsewhere is said by two people | = is borne by the university or a café only as two people say: one who gives a friend's top-up back there would leave it in the wallet too
4.3.3 | what the bank sent back is said by two people | = a transfer that two people say the bank sent back makes the settlement due again, and it is paid anew; what was said before stays in the books
4.3.3 | step-up for what is of high value, and duties kept apart | = whoever asked for an account or made it is no second person for it, until some days have gone`,
  },
  {
    title: "V5 Validation and encoding",
    lines: `
5.1.1–5.1.5 | no mass assignment, no parameter pollution, positive validation of every field, addresses of redirects listed | = every JSON body refuses fields that it does not know
5.2.1–5.2.8 | no HTML, templates, mails or scripts out of what people write; no SSRF | = %j is no address for a header
5.2.6 | no server-side request to where a stranger wants | = the address %s is refused
5.3.1–5.3.10 | output is encoded for where it goes; parameters are bound in SQL, no OS command, no injection into JSON or CSV | = has no cell that a spreadsheet would run, and quotes what CSV needs quoted
5.4.1–5.4.3 | memory-safe language, numbers in range | = is for students; limits must be whole amounts that are not negative, and both are said
5.5.2 | XML of the bank is data alone: no document type, no entities of its own, no other file | = what is no plain statement of the own account is refused, and nothing of it is kept
5.5.1, 5.5.3, 5.5.4 | nothing else is deserialized but JSON that is validated | = $name answers garbage with the envelope and a documented status`,
  },
  {
    title: "V6 Cryptography",
    lines: `
6.1.1–6.1.3 | personal data at rest are encrypted | = $name: everything is encrypted, TLS only, kept and protected
6.2.1–6.2.6 | proven algorithms with authentication, no padding oracle, fresh nonces | = each purpose has a key of its own
6.3.1–6.3.3 | random numbers by a secure generator, also under load | : node:crypto alone makes codes, tokens and ids
6.4.1, 6.4.2 | secrets are in a vault, and not in the application | = $name: an instance reads the secrets of the app, each by name, and never the schema owner's`,
  },
  {
    title: "V7 Errors and logs",
    lines: `
7.1.1, 7.1.2 | no credentials and no personal data in logs | = after a day of logins, scans and faults no phone, card, name, token, password, OTP or key stands in the log
7.1.3, 7.1.4, 7.2.1, 7.2.2 | what matters for security is logged, with time and outcome; log-ins and refusals of access | = a log-in leaves a line in the trail and in the log, with a network and no address
7.3.1, 7.3.3 | logs are no place to inject, and are protected against change | = an error is logged with its cause and without the fields that a driver hangs on it
7.3.4 | clocks agree | : chrony on the machines (Amazon's time service); what decides is the database's clock
7.4.1–7.4.3 | an unexpected error says nothing, and one handler is the last | = every answer carries the security headers, refusals too`,
  },
  {
    title: "V8 Data protection",
    lines: `
8.1.1–8.1.4 | no sensitive data in caches, few parameters, unusual numbers are noticed | = every answer carries the security headers, refusals too
8.2.1–8.2.3 | nothing sensitive stays in the browser after the log-out | : the web apps keep receipts and names of dishes, forgotten at the log-out (docs/design.md)
8.3.1 | sensitive data travel in the body or a header | = a token in the query opens the socket and stands in no log line
8.3.2–8.3.8 | people get and erase their data, data end by a rule, access to them is audited | = $name leaves a line of who did it`,
  },
  {
    title: "V9 Communication",
    lines: `
9.1.1–9.1.3 | TLS for every client, of current versions and ciphers | = $name: everything is encrypted, TLS only, kept and protected
9.2.1–9.2.5 | trusted certificates, encrypted inside too, failures logged | = a machine that would ask a database of forced TLS in clear is named`,
  },
  {
    title: "V10 Malicious code",
    lines: `
10.1.1, 10.2.1–10.2.6 | no back door, no call home, no excess permission | : few packages, all named with their licence (docs/licences.md), read when they are updated; the build takes the lock file's versions
10.3.1–10.3.3 | updates are signed or checked, no code of others is loaded, no sub-domain can be taken over | : artifacts are named by their SHA-256, pages load nothing from elsewhere (Content-Security-Policy)`,
  },
  {
    title: "V11 Business logic",
    lines: `
11.1.1–11.1.3 | steps in their order, in human time, within limits | = keeps debits of a day within its limit, until the limit is raised or removed
11.1.4 | no mass of requests | = RATE_LIMIT_SCALE multiplies every limit
11.1.4 | nobody takes what is there for all | = one student places so many orders in ten minutes, also by ordering the same again: nobody takes a café's portions or its kitchen alone
11.1.4 | what everybody shares is not used up by one network | = a network whose codes nobody types gets half, and one whose codes are typed gets the rest
11.1.5, 11.1.7, 11.1.8 | abuse is found, watched and rings | = a flood for phones that nobody knows sends no more than the budget, writes no rows beyond it, and keeps no student out
11.1.6 | no race between check and use | = forty guesses at once get no more tries than five in a row`,
  },
  {
    title: "V12 Files",
    lines: `
12.1.1–12.1.3 | no file that fills the store, no bomb, quotas | = for the fourth time at one address, whatever it is, and a good one still gets in before
12.2.1 | the type is told by the bytes | = that is larger than announced, or announced larger than pictures may be
12.3.1–12.3.6 | names of files are not used for anything | = %s shows nothing
12.4.1, 12.4.2 | kept outside the web root, and what is kept was read | = a picture is decoded in a process that has its own memory and seconds, and what needs more is refused
12.5.1, 12.5.2 | served as what they are | = loses what the camera wrote about place and time, and stands upright
12.6.1 | the server asks only listed addresses | = the address %s is refused`,
  },
  {
    title: "V13 API",
    lines: `
13.1.1, 13.1.3–13.1.5 | one way to read an address, no keys in it, decisions at the route and at the row, types of content are checked | = a body that is not JSON is UNSUPPORTED_MEDIA_TYPE
13.2.1–13.2.6 | methods that are allowed, schemas, protection of cookies, authenticated messages | = every body is required, but for those that are listed with a reason
13.3.1, 13.4.1, 13.4.2 | SOAP and GraphQL | : there is none`,
  },
  {
    title: "V14 Configuration",
    lines: `
14.1.1–14.1.5 | built and deployed by a repeatable process, hardened, restorable | = constructs read no environment, clock or chance, and know no stack
14.2.1–14.2.6 | parts are current, unneeded ones removed, an inventory exists | : docs/licences.md is made from the lock file; the advisory check needs a registry that answers it, and is said to be skipped where there is none (SECURITY.md)
14.3.2, 14.3.3 | no debugging and no version in production | = a process that is not told where it runs does not start: sandbox is nobody's default
14.4.1–14.4.7 | content type, CSP, no sniffing, HSTS, referrer, framing | = every answer carries the security headers, refusals too
14.5.1–14.5.4 | methods, origin, CORS list, proxies authenticated | = another origin is refused, the own one and a native client are not`,
  },
];
