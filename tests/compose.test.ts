import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../hub/config.ts';
import { ROOT, readText, repositoryFiles } from './support/sources.ts';

type Service = {
  readonly image?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly healthcheck: { readonly test: readonly string[] };
  readonly volumes: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
};
const compose = parse(readText('docker-compose.yml')) as { readonly services: Readonly<Record<'postgres' | 'nats' | 'hub', Service>> };
const { postgres, nats, hub } = compose.services;
const services = [postgres, nats, hub];

const SECRETS = {
  POSTGRES_PASSWORD: 'p0stgresPassw0rd',
  NATS_HUB_PASSWORD: 'hubPassw0rd',
  NATS_PUBLISHER_PASSWORD: 'publisherPassw0rd',
  HUB_JWT_SECRET: 'j'.repeat(32),
  HUB_SECRET_KEY: 's'.repeat(32),
};

/** Puts values in the place of `${NAME:?…}` and `${NAME:-default}`, as compose does. */
function filledIn(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    /\$\{([A-Z_]+):([?-])([^}]*)\}/g,
    (_, name: string, kind: string, rest: string) => env[name] ?? (kind === '-' ? rest : ''),
  );
}

/** `docker-compose`, or docker's own `compose`, whichever is there. */
function composeConfig(env: Readonly<Record<string, string>>): { readonly status: number | null; readonly said: string } | undefined {
  for (const [command, ...args] of [['docker-compose'], ['docker', 'compose']] as const) {
    const path = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/' };
    const ran = spawnSync(command, [...args, '--file', 'docker-compose.yml', 'config'], {
      cwd: ROOT,
      env: { ...path, ...env },
      encoding: 'utf8',
      timeout: 15_000,
    });
    const isThere = ran.error === undefined && !/is not a docker command|unknown (shorthand )?flag/.test(ran.stderr);
    if (isThere) return { status: ran.status, said: `${ran.stdout}\n${ran.stderr}` };
  }
  return undefined;
}

test('[OPS-1] docker-compose accepts the composition, and refuses it as long as a secret is missing', ({ annotate }) => {
  const whole = composeConfig(SECRETS);
  if (whole === undefined) return void annotate('docker-compose is not installed here: only the static checks of docker-compose.yml ran');
  expect(whole.said).toContain('postgres://hub:p0stgresPassw0rd@postgres:5432/green_lines');
  expect(whole.status).toBe(0);
  const { HUB_SECRET_KEY: _, ...rest } = SECRETS;
  const refused = composeConfig(rest);
  expect(refused?.status).not.toBe(0);
  expect(refused?.said).toContain('HUB_SECRET_KEY');
});

test('[OPS-1] no secret has a default, and none stands in the image', () => {
  const settings = services.flatMap(({ environment }) => Object.entries(environment));
  const secret = settings.filter(([name]) => /PASSWORD|SECRET|URL$/.test(name));
  const open = secret.filter(([name, value]) => !/\$\{[A-Z_]+:\?[^}]+\}/.test(value) && !['HUB_URL', 'HUB_ADMIN_PASSWORD'].includes(name));
  expect(open).toEqual([]);
  expect(hub.environment['HUB_ADMIN_PASSWORD']).toBe('${HUB_ADMIN_PASSWORD:-}');
  const dockerfile = readText('hub/deploy/Dockerfile');
  expect(dockerfile).not.toMatch(/^(ARG|ENV) .*(PASSWORD|SECRET|TOKEN|KEY)/m);
  expect(readText('.dockerignore')).toMatch(/^\*$/m);
  expect(readText('.gitignore')).toMatch(/^\.env/m);
});

test('[OPS-2] the hub reads the settings that the composition gives it, and does not come up as a demo', () => {
  const given = Object.fromEntries(Object.entries(hub.environment).map(([name, text]) => [name, filledIn(text, SECRETS)]));
  const config = readConfig(given);
  expect(config).toMatchObject({ demo: false, host: '0.0.0.0', port: 4000, dataDir: '/data', adminPassword: undefined, inspect: false });
  expect(config.databaseUrl).toBe('postgres://hub:p0stgresPassw0rd@postgres:5432/green_lines');
  expect(config.natsUrl).toBe('nats://hub:hubPassw0rd@nats:4222');
});

test('[OPS-3] every service has a health check, a volume and doors on loopback alone; the hub waits for the other two', () => {
  expect(services.map(({ healthcheck }) => healthcheck.test[0])).toEqual(['CMD', 'CMD', 'CMD']);
  expect(services.filter(({ volumes }) => volumes.length === 0)).toEqual([]);
  const ports = services.flatMap((service) => service.ports ?? []);
  expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  expect(hub.depends_on).toEqual({ postgres: { condition: 'service_healthy' }, nats: { condition: 'service_healthy' } });
});

test('[OPS-3] NATS runs with the configuration of the repository, in a version that is pinned and recent enough', () => {
  const [, major, minor, patch] = /^nats:(\d+)\.(\d+)\.(\d+)-alpine$/.exec(nats.image ?? '') ?? [];
  const [line, fix] = [Number(major) * 100 + Number(minor), Number(patch)];
  expect(line > 214 || (line === 214 && fix >= 3) || (line === 212 && fix >= 12), String(nats.image)).toBe(true);
  const mounted = nats.volumes.find((volume) => volume.includes('nats.conf'))?.split(':') ?? [];
  expect(repositoryFiles()).toContain(mounted[0]?.replace('./', ''));
  expect(mounted[2]).toBe('ro');
  const asked = [...readText('hub/embedded/nats.conf').matchAll(/password: \$([A-Z_]+)/g)].map(([, name]) => name ?? '');
  expect(Object.keys(nats.environment).toSorted()).toEqual(asked.toSorted());
});

test('[OPS-4] the image runs as somebody who is not root, on the Node of the product, with what it copies present', () => {
  const dockerfile = readText('hub/deploy/Dockerfile');
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  expect(last).toMatch(/^USER (?!root|0)\S+$/m);
  expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image?.split('-')[0])).toEqual(['node:24', 'node:24']);
  const files = repositoryFiles();
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list]) => list?.split(' ') ?? []);
  expect(copied.filter((path) => !files.some((file) => file === path || file.startsWith(`${path}/`)))).toEqual([]);
});
