import { resolve } from 'node:path';
import { z } from 'zod';
import { paymentSettings } from '../machines/payment-terms.ts';
import { isId } from '../machines/ids.ts';
import { isCurrency } from '../machines/money.ts';

const flag = z.enum(['0', '1']).transform((text) => text === '1');
const port = z.coerce.number().int().min(0).max(65_535);
const amount = z.coerce.number().int().min(0).max(1_000_000_000);

/** The environment, as docs/OPERATIONS.md lists it. */
const schema = z.object({
  HUB_HOST: z.string().min(1).default('127.0.0.1'),
  HUB_PORT: port.default(4000),
  HUB_DATA_DIR: z.string().min(1).default('.data'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  NATS_URL: z.string().min(1).optional(),
  HUB_EMBEDDED_NATS_PORT: port.default(4222),
  HUB_DEMO: flag.optional(),
  HUB_DEMO_PASSWORD: z.string().min(1).default('green-lines'),
  HUB_JWT_SECRET: z.string().min(32).optional(),
  HUB_OIDC_ISSUER: z.url().optional(),
  HUB_OIDC_AUDIENCE: z.string().min(1).optional(),
  HUB_ADMIN_PASSWORD: z.string().min(8).optional(),
  HUB_SECRET_KEY: z.string().min(32).optional(),
  HUB_URL: z.url().optional(),
  HUB_LEASE_MS: z.coerce.number().int().min(1000).max(60_000).default(5000),
  HUB_TIME_SCALE: z.coerce.number().min(1).max(100_000).default(1),
  HUB_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  HUB_NODE_ID: z.string().refine(isId).optional(),
  HUB_INSPECT: flag.optional(),
  /** `1` lets developers use the inspector of stately.ai, which is a page of somebody else, on what they inspect. */
  HUB_INSPECT_STATELY: flag.default(false),
  /** `0` leaves the HQ console out: a node that only serves programs. */
  HUB_CONSOLE: flag.default(true),
  /** How much memory live actors may take, in megabytes. */
  HUB_ACTOR_MB: z.coerce.number().int().min(16).max(65_536).default(200),
  /** From how many units of its currency a payment needs an approval. */
  HUB_APPROVAL_FROM: amount.default(1000),
  /** How many different people have to approve it. */
  HUB_APPROVALS_NEEDED: z.coerce.number().int().min(1).max(5).default(1),
  /** Which gateways payments go through: JSON, as `routes` of the settings of payments. */
  HUB_ROUTES: z.string().default('[]'),
  /** What gateways charge, for routes by cost: JSON, as `gateway_costs` of the settings of payments. */
  HUB_GATEWAY_COSTS: z.string().default('[]'),
  /** The `rates` actor that payments from an account are converted by: `ecb`, in the demo `sandbox`. */
  HUB_RATES: z.string().refine(isId).optional(),
  /** The integration that looks payees up on lists before they are paid, for example `sandbox_checks`. */
  HUB_SCREENED_BY: z.string().refine(isId).optional(),
  /** The integration of the ERP that clients are written to once they are active, for example `odoo`. */
  HUB_ERP: z.string().refine(isId).optional(),
  /** What the house keeps of what it exchanges, in hundredths of a percent. */
  HUB_SPREAD_BASIS_POINTS: z.coerce.number().int().min(0).max(1000).default(0),
  /** What the house keeps its books in: gains and losses on other currencies are told in it. */
  HUB_HOME_CURRENCY: z.string().refine(isCurrency, 'An active ISO 4217 code is expected, like EUR').default('EUR'),
  /** From how many rows on another person has to agree to an import. */
  HUB_IMPORT_APPROVE_FROM: z.coerce.number().int().min(1).default(1_000),
  /** After how many days at rest an actor's old contents go to the archive; `0` never. */
  HUB_RETAIN_DAYS: z.coerce.number().int().min(0).max(36_500).default(0),
  /** Origins beside its own that browsers may connect from, separated by commas. */
  HUB_ORIGINS: z.string().default(''),
  /** Where backups go; with it the hub brings its write-ahead log there all the time. */
  HUB_BACKUP_DIR: z.string().min(1).optional(),
  /** `1` lets nothing be acknowledged that the archive does not have. */
  HUB_BACKUP_SYNC: flag.default(false),
  /** Addresses of proxies whose X-Forwarded-* headers are believed, separated by commas. */
  HUB_PROXIES: z.string().default(''),
});

export type Config = {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly natsUrl: string | undefined;
  readonly embeddedNatsPort: number;
  readonly demo: boolean;
  readonly demoPassword: string;
  readonly jwtSecret: string | undefined;
  readonly oidc: { readonly issuer: string; readonly audience: string } | undefined;
  readonly adminPassword: string | undefined;
  readonly secretKey: string | undefined;
  readonly url: string | undefined;
  readonly leaseMs: number;
  readonly timeScale: number;
  readonly logLevel: string;
  readonly nodeId: string | undefined;
  readonly inspect: boolean;
  readonly inspectStately: boolean;
  readonly console: boolean;
  readonly actorBytes: number;
  readonly approvalFrom: number;
  readonly approvalsNeeded: number;
  readonly routes: unknown;
  readonly gatewayCosts: unknown;
  readonly rates: string;
  readonly screenedBy: string | undefined;
  readonly erp: string | undefined;
  readonly spreadBasisPoints: number;
  readonly homeCurrency: string;
  readonly importApproveFrom: number;
  readonly backupDir: string | undefined;
  readonly backupSync: boolean;
  readonly retainDays: number;
  readonly origins: readonly string[];
  readonly proxies: readonly string[];
};

/** A setting that cannot be used, said so that whoever set it can mend it. */
export class BadConfig extends Error {}

/** The only place that reads the environment. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new BadConfig(`The environment cannot be used:\n  ${lines.join('\n  ')}`);
  }
  const read = parsed.data;
  const embedded = read.DATABASE_URL === undefined && read.NATS_URL === undefined;
  const demo = read.HUB_DEMO ?? embedded;
  if (demo && !isLoopback(read.HUB_HOST)) {
    throw new BadConfig(
      `The demo has passwords that everybody knows, so it listens on loopback only, not on ${read.HUB_HOST}. Set HUB_DEMO=0.`,
    );
  }
  if (read.HUB_TIME_SCALE !== 1 && !embedded) throw new BadConfig('HUB_TIME_SCALE is for embedded services only.');
  if (read.HUB_OIDC_ISSUER !== undefined && read.HUB_OIDC_AUDIENCE === undefined) {
    throw new BadConfig('HUB_OIDC_ISSUER needs HUB_OIDC_AUDIENCE: the audience that its tokens name.');
  }
  if (read.HUB_BACKUP_SYNC && read.HUB_BACKUP_DIR === undefined) throw new BadConfig('HUB_BACKUP_SYNC needs HUB_BACKUP_DIR.');
  return {
    host: read.HUB_HOST,
    port: read.HUB_PORT,
    dataDir: resolve(read.HUB_DATA_DIR),
    databaseUrl: read.DATABASE_URL,
    natsUrl: read.NATS_URL,
    embeddedNatsPort: read.HUB_EMBEDDED_NATS_PORT,
    demo,
    demoPassword: read.HUB_DEMO_PASSWORD,
    jwtSecret: read.HUB_JWT_SECRET,
    oidc: read.HUB_OIDC_ISSUER === undefined ? undefined : { issuer: read.HUB_OIDC_ISSUER, audience: read.HUB_OIDC_AUDIENCE ?? '' },
    adminPassword: read.HUB_ADMIN_PASSWORD,
    secretKey: read.HUB_SECRET_KEY,
    url: read.HUB_URL,
    leaseMs: read.HUB_LEASE_MS,
    timeScale: read.HUB_TIME_SCALE,
    logLevel: read.HUB_LOG_LEVEL,
    nodeId: read.HUB_NODE_ID,
    inspect: read.HUB_INSPECT ?? demo,
    inspectStately: read.HUB_INSPECT_STATELY,
    console: read.HUB_CONSOLE,
    actorBytes: read.HUB_ACTOR_MB * 1024 * 1024,
    approvalFrom: read.HUB_APPROVAL_FROM,
    approvalsNeeded: read.HUB_APPROVALS_NEEDED,
    routes: readPart('HUB_ROUTES', read.HUB_ROUTES, paymentSettings.shape.routes),
    gatewayCosts: readPart('HUB_GATEWAY_COSTS', read.HUB_GATEWAY_COSTS, paymentSettings.shape.gateway_costs),
    rates: read.HUB_RATES ?? (demo ? 'sandbox' : 'ecb'),
    screenedBy: read.HUB_SCREENED_BY,
    erp: read.HUB_ERP,
    spreadBasisPoints: read.HUB_SPREAD_BASIS_POINTS,
    homeCurrency: read.HUB_HOME_CURRENCY,
    importApproveFrom: read.HUB_IMPORT_APPROVE_FROM,
    backupDir: read.HUB_BACKUP_DIR === undefined ? undefined : resolve(read.HUB_BACKUP_DIR),
    backupSync: read.HUB_BACKUP_SYNC,
    retainDays: read.HUB_RETAIN_DAYS,
    origins: toList(read.HUB_ORIGINS),
    proxies: toList(read.HUB_PROXIES),
  };
}

/** A part of the settings of payments that is written as JSON. */
function readPart(name: string, text: string, part: z.ZodType): unknown {
  try {
    return part.parse(JSON.parse(text));
  } catch (error) {
    throw new BadConfig(`${name} cannot be used: ${error instanceof z.ZodError ? z.prettifyError(error) : String(error)}`);
  }
}

function toList(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}
