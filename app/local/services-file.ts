/** services.json, which stands in the home folder while the system runs. */
export interface ServicesFile {
  readonly database_url: string;
  readonly database_password: string;
  readonly owner_url: string;
  readonly owner_password: string;
  /** With its password; null for a database that npm start did not make. */
  readonly superuser_url: string | null;
  readonly redis_url: string;
  readonly redis_password: string | null;
}
