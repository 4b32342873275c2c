import { afterAll, beforeAll, expect, test } from 'vitest';
import { atDesk, mustBeWell, WIDTHS } from '../support/desk.ts';
import { FIRST_NODE, startSecondNode, type SecondNode } from '../support/second-node.ts';

const desk = atDesk(FIRST_NODE);
let two: SecondNode;

beforeAll(async () => {
  two = await startSecondNode(desk.hub);
}, 120_000);

afterAll(() => two?.stop());

test('[OFFICE-23] the overview shows the throughput of both nodes, and one that hangs by name until it answers again', async () => {
  const { page, complaints } = await desk.open('auditor', '/');
  const card = page.getByRole('region', { name: /^Throughput/ });
  await card.getByText('of all 2 nodes').waitFor({ timeout: 20_000 });
  const rows = card.getByRole('table', { name: 'Node by node' }).getByRole('row');
  await rows.filter({ hasText: 'one' }).waitFor();
  await rows.filter({ hasText: 'two' }).waitFor();
  for (let i = 0; i < 30; i++) await desk.rest.payment({ payee: `Both ${i}` });
  const rate = async (node: string): Promise<number> =>
    Number(await rows.filter({ hasText: node }).getByRole('cell').first().textContent());
  await expect.poll(async () => (await rate('one')) > 0 && (await rate('two')) > 0, { timeout: 20_000 }).toBe(true);
  two.freeze();
  try {
    await card.getByText('two does not answer. Its share is missing here.').waitFor({ timeout: 20_000 });
    await card.getByText('of 1 of 2 nodes').waitFor();
    await rows.filter({ hasText: 'two' }).getByText('does not answer').waitFor();
    expect(await rows.filter({ hasText: 'one' }).getByText('does not answer').count()).toBe(0);
  } finally {
    two.thaw();
  }
  await card.getByText('two does not answer. Its share is missing here.').waitFor({ state: 'detached', timeout: 20_000 });
  expect(complaints).toEqual([]);
  await page.context().close();
});

test.each(WIDTHS)(
  '[OFFICE-24] with a node that hangs the overview at %i pixels has no barrier and does not run out of the window',
  async (width, dark) => {
    two.freeze();
    try {
      const opened = await desk.open('auditor', '/', { width, dark });
      await opened.page.getByText(/^two does not answer/).waitFor({ timeout: 20_000 });
      await opened.page.locator('.pulse canvas').first().waitFor();
      await mustBeWell(opened, `throughput-${width}${dark ? '-dark' : ''}`);
      await opened.page.context().close();
    } finally {
      two.thaw();
    }
  },
);
