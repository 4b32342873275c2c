import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { CLIENT, PAYMENT, Rest } from './support/rest.ts';
import type { Json } from './support/rest.ts';

let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  hub = await startTestHub();
  rest = new Rest(hub);
});

afterAll(() => hub.stop());

describe('creating an actor', () => {
  test('[API-3] a creation answers 201 with address, version and view, where it is and its ETag', async () => {
    const { status, headers, body } = await rest.create('payment', { id: 'pay_first', input: PAYMENT });
    expect([status, headers.get('location'), headers.get('etag')]).toEqual([201, '/v1/actors/payment/pay_first', '"1"']);
    expect(body).toMatchObject({
      address: 'payment/pay_first',
      version: 1,
      view: { state: ['draft'], context: { ...PAYMENT, id: 'pay_first' } },
    });
  });

  test('[API-3] without an id the hub makes one from the key, so that a repeat finds the same actor', async () => {
    const key = randomUUID();
    const first = await rest.create('payment', { input: PAYMENT }, 'clerk', key);
    expect(first.body['address']).toMatch(/^payment\/pay_[A-Za-z0-9]{20}$/);
    await rest.send(String(first.body['address']), { type: 'AMEND', reference: 'moved on' });
    const again = await rest.create('payment', { input: PAYMENT }, 'clerk', key);
    expect([again.status, again.headers.get('etag')]).toEqual([201, '"1"']);
    expect(again.body).toEqual(first.body);
  });

  test('[API-3] two people may use the same key', async () => {
    const key = randomUUID();
    const input = { title: 'Other', provides: 'gateway' };
    const one = await rest.create('integration', { input }, 'operator', key);
    const other = await rest.create('integration', { input }, 'admin', key);
    expect([one.status, other.status]).toEqual([201, 201]);
    expect(one.body['address']).not.toBe(other.body['address']);
  });

  test('[API-4] a key that was used with another body is refused, whatever differs', async () => {
    const key = randomUUID();
    await rest.create('payment', { input: PAYMENT }, 'clerk', key);
    for (const body of [{ input: { ...PAYMENT, amount_minor: 1 } }, { id: 'pay_named', input: PAYMENT }]) {
      const { status, body: problem } = await rest.create('payment', body, 'clerk', key);
      expect([status, problem['code']]).toEqual([422, 'key_reused']);
    }
    expect((await rest.get('/v1/actors/payment/pay_named', 'clerk')).status).toBe(404);
  });

  test('[API-4] without a key, with a key that is none, and with an address that exists a creation is refused', async () => {
    const create = (key?: string) =>
      rest.call('POST', '/v1/actors/payment', {
        as: 'clerk',
        body: { id: 'pay_taken', input: PAYMENT },
        ...(key === undefined ? {} : { key }),
      });
    expect((await create()).body['code']).toBe('key_required');
    expect((await create('k'.repeat(129))).body['code']).toBe('bad_request');
    expect((await create('a b')).status).toBe(400);
    expect((await create('first')).status).toBe(201);
    expect((await create('second')).body).toMatchObject({ status: 409, code: 'exists', version: 1 });
    expect((await create('second')).body).toMatchObject({ status: 409, code: 'exists', version: 1 });
  });

  test('[API-5] twenty creations at once with one key make one actor and get one answer', async () => {
    const key = randomUUID();
    const replies = await Promise.all(Array.from({ length: 20 }, () => rest.create('payment', { input: PAYMENT }, 'clerk', key)));
    expect(new Set(replies.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
    const events = Array.from({ length: 20 }, () =>
      rest.send(String(replies[0]?.body['address']), { type: 'AMEND', reference: 'once' }, 'clerk', 'amend-once'),
    );
    expect(new Set((await Promise.all(events)).map(({ status, body }) => `${status} ${String(body['version'])}`))).toEqual(
      new Set(['200 2']),
    );
  });

  test('[API-4] what does not have the shape of the input, an id that is none and a kind that is unknown are refused', async () => {
    const wrong = await rest.create('payment', { input: { ...PAYMENT, amount_minor: 'much' } });
    expect(wrong.body).toMatchObject({ status: 422, code: 'invalid', errors: [{ where: 'amount_minor' }] });
    expect((await rest.create('payment', { input: { ...PAYMENT, extra: 1 } })).body['code']).toBe('invalid');
    expect((await rest.create('payment', { input: PAYMENT, extra: 1 })).body['code']).toBe('invalid');
    expect((await rest.create('payment', { id: 'a.b', input: PAYMENT })).body['code']).toBe('bad_id');
    expect((await rest.create('nothing', { input: {} })).status).toBe(404);
    expect((await rest.create('constructor', { input: {} })).status).toBe(404);
  });
});

describe('sending an event', () => {
  test('[API-6] an event answers its version and what came of it', async () => {
    const address = await rest.payment();
    const { status, body } = await rest.send(address, { type: 'AMEND', amount_minor: 500 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ outcome: 'applied', version: 2, view: { version: 2, context: { amount_minor: 500 } } });
  });

  test('[API-6] the same id again is a duplicate with the version and view of then, from the header or from the body', async () => {
    const address = await rest.payment();
    const first = await rest.send(address, { type: 'AMEND', amount_minor: 500 }, 'clerk', 'amend-1');
    await rest.send(address, { type: 'AMEND', amount_minor: 700 });
    const again = await rest.send(address, { type: 'AMEND', amount_minor: 500, id: 'amend-1' });
    expect(again.body).toEqual({ ...first.body, outcome: 'duplicate' });
    const other = await rest.send(address, { type: 'AMEND', amount_minor: 501 }, 'clerk', 'amend-1');
    expect([other.status, other.body['code']]).toEqual([422, 'key_reused']);
  });

  test('[API-28] the trace that a request belongs to goes into the journal, and what is no trace does not', async () => {
    const address = await rest.payment();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    for (const header of [traceparent, 'nonsense\t1']) {
      await rest.call('POST', `/v1/actors/${address}/events`, {
        as: 'clerk',
        body: { type: 'AMEND', reference: header.slice(0, 8) },
        headers: { traceparent: header },
      });
    }
    const rows = await hub.hub.store.history(address, 2, 3, 2);
    expect(rows.map((row) => row.traceparent)).toEqual(['', traceparent]);
  });

  test('[API-7] an event that the state does not take answers 409 with the reason, a sentence, and what can be sent', async () => {
    const address = await rest.payment();
    const { status, body } = await rest.send(address, { type: 'CAPTURE' }, 'clerk', 'too-early');
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'not_in_state', outcome: 'rejected', reason: 'not_in_state', version: 1 });
    expect(body['sentence']).toEqual(expect.any(String));
    expect((body['can'] as Json[]).find(({ type }) => type === 'SUBMIT')).toMatchObject({ ok: true });
    // Final for its id, also when it could be taken by now.
    expect((await rest.send(address, { type: 'CAPTURE' }, 'clerk', 'too-early')).body).toMatchObject({ code: 'not_in_state', version: 1 });
  });

  test('[API-7] a reason of the machine is the code of the problem', async () => {
    const address = await rest.payment({ amount_minor: 500_000 });
    await rest.send(address, { type: 'SUBMIT' });
    expect((await rest.send(address, { type: 'APPROVE', hash: 'f00' }, 'approver')).body).toMatchObject({
      status: 409,
      code: 'hash_stale',
    });
    expect((await rest.send(address, { type: 'APPROVE' }, 'approver')).body).toMatchObject({ status: 409, code: 'hash_required' });
  });

  test('[API-8] an old ifVersion is refused with 412, but not for an id that has taken effect', async () => {
    const address = await rest.payment();
    const sent = { type: 'AMEND', amount_minor: 500, ifVersion: 1 };
    expect((await rest.send(address, sent, 'clerk', 'once')).status).toBe(200);
    expect((await rest.send(address, sent, 'clerk', 'once')).body['outcome']).toBe('duplicate');
    expect((await rest.send(address, { ...sent, amount_minor: 600 }, 'clerk', 'twice')).body).toMatchObject({
      status: 412,
      code: 'version_mismatch',
      version: 2,
    });
  });

  test('[API-7] unknown events, the runtime’s own and those of another role are refused', async () => {
    const address = await rest.payment();
    for (const type of ['NOTHING', '@create', '@park', 'xstate.done.actor.authorize', 'GATEWAY_NOTIFIED', '__proto__', 'constructor']) {
      expect((await rest.send(address, { type })).body).toMatchObject({ status: 422, code: 'unknown_event' });
    }
    expect((await rest.send(address, { type: 'SUBMIT' }, 'approver')).body).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await rest.send(address, { type: 'SUBMIT', by: 'cfo' })).body['code']).toBe('invalid');
    expect((await rest.send('payment/pay_none', { type: 'SUBMIT' })).status).toBe(404);
  });
});

describe('reading', () => {
  test('[API-9] an actor is shown with what the caller may send, and not again to whoever has that version', async () => {
    const address = await rest.payment();
    const { body, headers } = await rest.get(`/v1/actors/${address}`, 'approver');
    expect(body).toMatchObject({ address, version: 1, state: ['draft'], tags: [], timers: [] });
    const held = ['CLEAR', 'HOLD', 'RELEASE', 'PROPOSE_OUTCOME', 'CONFIRM_OUTCOME', 'DROP_OUTCOME'];
    expect((body['can'] as Json[]).map(({ type }) => type)).toEqual(['APPROVE', 'DENY', 'CAPTURE', 'CANCEL', 'REFUND', ...held]);
    expect((body['can'] as Json[])[0]).toMatchObject({ type: 'APPROVE', ok: false, reason: 'not_in_state' });
    const etag = String(headers.get('etag'));
    expect((await rest.get(`/v1/actors/${address}`, 'approver', { 'if-none-match': `W/"0", ${etag}` })).status).toBe(304);
    await rest.send(address, { type: 'AMEND', amount_minor: 500 });
    expect((await rest.get(`/v1/actors/${address}`, 'approver', { 'if-none-match': etag })).body['version']).toBe(2);
  });

  test('[API-10] an actor is shown as it was at a version or a time, and nothing can be sent there', async () => {
    const address = await rest.payment({ amount_minor: 100 });
    const first = (await rest.get(`/v1/actors/${address}`, 'clerk')).body;
    await new Promise((resolve) => setTimeout(resolve, 20));
    await rest.send(address, { type: 'AMEND', amount_minor: 200 });
    const then = String(first['updatedAt']);
    for (const at of ['1', then, new Date(Date.parse(then) + 10).toISOString()]) {
      expect((await rest.get(`/v1/actors/${address}?at=${encodeURIComponent(at)}`, 'clerk')).body).toEqual({ ...first, can: [] });
    }
    expect((await rest.get(`/v1/actors/${address}?at=2`, 'clerk')).body).toMatchObject({ version: 2, context: { amount_minor: 200 } });
    for (const at of ['0', '3', '999999999', '2001-01-01T00:00:00Z'])
      expect((await rest.get(`/v1/actors/${address}?at=${at}`, 'clerk')).status).toBe(404);
    for (const at of ['9999999999', 'now', '1.5', '-1'])
      expect((await rest.get(`/v1/actors/${address}?at=${at}`, 'clerk')).body['code']).toBe('invalid');
  });

  test('[API-11] pages of a list meet without a gap and without a repeat, in every order', async () => {
    const made = await Promise.all(Array.from({ length: 7 }, (_, n) => rest.payment({ payee: `Paging ${n % 3}`, client: 'pager' })));
    await expectFound('paging', 7);
    for (const sort of ['updatedAt', '-updatedAt', 'createdAt', '-createdAt', 'title', '-title']) {
      const seen: Json[] = [];
      let cursor = '';
      do {
        const { body } = await rest.get(`/v1/actors/payment?q=paging&limit=2&sort=${sort}${cursor}`, 'clerk');
        seen.push(...(body['items'] as Json[]));
        cursor = body['next'] === null ? '' : `&cursor=${String(body['next'])}`;
      } while (cursor !== '');
      expect(seen.map(({ address }) => address).toSorted()).toEqual(made.toSorted());
      const values = seen.map((item) => String(item[sort.includes('title') ? 'title' : 'updatedAt']));
      const sorted = values.toSorted();
      expect(values).toEqual(sort.startsWith('-') ? sorted.toReversed() : sorted);
    }
  });

  test('[API-11] a list is filtered by state, tag and words, and says no to what it does not know', async () => {
    const address = await rest.payment({ amount_minor: 900_000, payee: 'Zebra Crossing', reference: 'stripes' });
    await rest.send(address, { type: 'SUBMIT' });
    await expectFound('zebra stri', 1);
    const find = async (query: string): Promise<unknown[]> =>
      (await rest.get(`/v1/actors/payment?q=zebra&${query}`, 'clerk')).body['items'] as unknown[];
    expect([await find('state=needs_approval'), await find('tag=needs_somebody')]).toMatchObject([[{ address }], [{ address }]]);
    expect([await find('state=draft'), await find('state=needs'), await find('tag=needs')]).toEqual([[], [], []]);
    for (const query of [
      'sort=amount',
      'limit=0',
      'limit=201',
      'limit=x',
      'cursor=x',
      'cursor=W10',
      'state=a&state=b',
      'state[$ne]=x',
      'unknown=1',
    ]) {
      expect((await rest.get(`/v1/actors/payment?${query}`, 'clerk')).body).toMatchObject({ status: 422, code: 'invalid' });
    }
    expect((await rest.get('/v1/actors/nothing', 'clerk')).status).toBe(404);
  });

  test('[API-12] a journal tells each version’s event, caller, states and changed fields, newest first, in pages', async () => {
    const address = await rest.payment({ amount_minor: 500_000 });
    await rest.send(address, { type: 'AMEND', reference: 'second' }, 'clerk');
    await rest.send(address, { type: 'SUBMIT' });
    const { body } = await rest.get(`/v1/actors/${address}/history`, 'auditor');
    expect(body).toMatchObject({
      next: null,
      items: [
        { version: 3, event: { type: 'SUBMIT' }, caller: 'clerk', from: ['draft'], to: ['needs_approval'] },
        { version: 2, event: { type: 'AMEND', reference: 'second' }, caller: 'clerk', from: ['draft'], to: ['draft'] },
        { version: 1, event: { type: '@create', ...PAYMENT, amount_minor: 500_000 }, from: [], to: ['draft'] },
      ],
    });
    const items = body['items'] as Json[];
    expect(items[1]?.['changed']).toEqual(expect.arrayContaining(['reference', 'payload_hash']));
    expect(items.map(({ hash }) => String(hash))).toEqual(Array.from({ length: 3 }, () => expect.stringMatching(/^[0-9a-f]{64}$/)));
    const page = await rest.get(`/v1/actors/${address}/history?limit=2`, 'clerk');
    const rest2 = await rest.get(`/v1/actors/${address}/history?limit=2&cursor=${String(page.body['next'])}`, 'clerk');
    expect([...(page.body['items'] as Json[]), ...(rest2.body['items'] as Json[])]).toEqual(items);
    expect((await rest.get(`/v1/actors/${address}/history?from=2&to=2`, 'clerk')).body['items']).toEqual([items[1]]);
  });
});

describe('whose actors they are', () => {
  test('[API-13] a customer sees his own client’s actors with the fields of his view, and of others not even that they are', async () => {
    await rest.create('client', { id: 'acme', input: CLIENT });
    const own = await rest.payment({ client: 'acme' });
    const foreign = await rest.payment({ client: 'globex' });
    const seen = await rest.get(`/v1/actors/${own}`, 'acme');
    expect(seen.status).toBe(200);
    const shown = Object.keys(seen.body['context'] as Json);
    expect(shown).toContain('amount_minor');
    expect(shown).not.toEqual(expect.arrayContaining(['payload_hash']));
    const hidden = await rest.get(`/v1/actors/${foreign}`, 'acme');
    const absent = await rest.get('/v1/actors/payment/pay_absent', 'acme');
    expect(without(hidden.body)).toEqual(without(absent.body));
    expect((await rest.get(`/v1/actors/${foreign}?at=1`, 'acme')).status).toBe(404);
    const listed = (await rest.get('/v1/actors/payment?limit=200', 'acme')).body['items'] as Json[];
    expect(listed.map(({ address }) => address)).toContain(own);
    expect(new Set(listed.map(({ context }) => (context as Json)['client']))).toEqual(new Set(['acme']));
    expect((await rest.get('/v1/actors/client', 'acme')).body['items']).toMatchObject([{ address: 'client/acme' }]);
    expect((await rest.get('/v1/actors/client', 'globex')).body['items']).toEqual([]);
  });

  test('[API-13] kinds of actors that somebody has no view of, and journals, are closed to him', async () => {
    const own = await rest.payment({ client: 'acme' });
    expect((await rest.get('/v1/actors/integration', 'acme')).status).toBe(404);
    expect((await rest.get('/v1/actors/integration/sandbox', 'acme')).status).toBe(404);
    expect((await rest.get('/v1/actors/payment', 'ann')).status).toBe(404);
    expect((await rest.get(`/v1/actors/${own}/history`, 'acme')).status).toBe(403);
    expect((await rest.get(`/v1/actors/${own}/history`, 'ann')).status).toBe(403);
  });

  test('[API-13] a customer’s event to a foreign actor is refused as if there were none', async () => {
    await rest.create('client', { id: 'globex', input: { ...CLIENT, name: 'Globex' } });
    const submit = { type: 'SUBMIT', documents: ['a'], bank_account: 'DE89370400440532013000' };
    const foreign = await rest.send('client/globex', submit, 'acme');
    const absent = await rest.send('client/nobody', submit, 'acme');
    expect(foreign.status).toBe(404);
    expect(without(foreign.body)).toEqual(without(absent.body));
  });
});

function without({ instance: _, ...rest }: Json): Json {
  return rest;
}

/** The index of words is written behind. */
async function expectFound(words: string, count: number): Promise<void> {
  await expect
    .poll(async () => ((await rest.get(`/v1/actors/payment?q=${encodeURIComponent(words)}`, 'clerk')).body['items'] as Json[]).length, {
      timeout: 10_000,
    })
    .toBe(count);
}
