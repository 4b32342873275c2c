import type { Page } from 'playwright-core';

/** What a live connection does with commands: carries them, holds them back for a while, loses them, or loses the hub's answers. */
export type LineFault = 'none' | 'late' | 'lost' | 'unanswered';

/** Makes the page's live connection one that a test can break, and loads the page again over it. */
export async function breakConnection(page: Page): Promise<(next: LineFault) => void> {
  const waiting: (() => void)[] = [];
  let fault: LineFault = 'none';
  await page.routeWebSocket(/socket\.io/, (near) => {
    const far = near.connectToServer();
    near.onMessage((message) => {
      const isCommand = String(message).includes('["command"');
      if (isCommand && fault === 'late') waiting.push(() => far.send(message));
      else if (!isCommand || fault !== 'lost') far.send(message);
    });
    // Socket.IO's answers begin with 43 and their number.
    far.onMessage((message) => {
      if (fault !== 'unanswered' || !/^43\d+\[.*"outcome"/.test(String(message))) near.send(message);
    });
  });
  await page.reload();
  await page.getByText('Live', { exact: true }).waitFor();
  return (next: LineFault): void => {
    fault = next;
    if (next !== 'late') for (const pass of waiting.splice(0)) pass();
  };
}

/** What a hub answers that cannot look anything up just now. */
const UNABLE = { ok: false, code: 'internal', reason: 'Something has failed inside the hub.' };

/** Makes the page's live connection one that follows nothing of this until it is told to; the page is loaded again over it. */
export async function refuseTopics(page: Page, what = /./): Promise<() => void> {
  let refused = true;
  await page.routeWebSocket(/socket\.io/, (near) => {
    const far = near.connectToServer();
    near.onMessage((message) => {
      // Socket.IO numbers what it wants an answer to: 42, the number, what is asked; the answer is 43 and that number.
      const [, number, asked] = /^42(\d+)\["subscribe",(.*)\]$/.exec(String(message)) ?? [];
      if (!refused || asked === undefined || !what.test(asked)) far.send(message);
      else near.send(`43${number}${JSON.stringify([(JSON.parse(asked) as unknown[]).map(() => UNABLE)])}`);
    });
    far.onMessage((message) => near.send(message));
  });
  await page.reload();
  await page.getByText('Live', { exact: true }).waitFor();
  return () => void (refused = false);
}

/** Longer than a command is tried for, and shorter than a silent connection is taken for alive. */
export const PATIENCE_MS = 31_000;
