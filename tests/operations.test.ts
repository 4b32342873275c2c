import { expect, test } from 'vitest';
import { readSource, readText, repositoryFiles } from './support/sources.ts';

const page = readText('docs/OPERATIONS.md');

test('[OPS-5] docs/OPERATIONS.md lists every setting of the hub, and no others', () => {
  const settings = [...readText('hub/config.ts').matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name]) => name ?? '');
  expect(settings).toContain('DATABASE_URL');
  const listed = [...page.matchAll(/^\| ((?:`[A-Z][A-Z_]+`(?:, )?)+) \|/gm)].flatMap(([, names]) =>
    [...(names ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name ?? ''),
  );
  expect(listed.toSorted()).toEqual(settings.toSorted());
});

test('[OPS-6] docs/OPERATIONS.md names every metric of the hub, and no others', () => {
  const hub = repositoryFiles()
    .filter((path) => /^(hub|actors)\/.*\.ts$/.test(path) && !/\.test\.ts$/.test(path))
    .map(readSource);
  const metrics = hub.flatMap(({ strings }) =>
    strings.map(({ text }) => text).filter((text) => /^hub_[a-z_]+[a-z]$/.test(text) && text !== 'hub_id'),
  );
  const named = [...page.matchAll(/`(hub_[a-z_]+)(?:\{[^`]*)?`/g)].map(([, name]) => name ?? '');
  expect(
    [...new Set(metrics)].filter((name) => !named.includes(name)),
    'metrics that the page does not name',
  ).toEqual([]);
  expect(
    named.filter((name) => !metrics.includes(name)),
    'names on the page that no metric has',
  ).toEqual([]);
});
