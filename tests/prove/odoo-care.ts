import { must } from '../../machines/must.ts';
import type { OdooSettings } from '../support/odoo.ts';
import { eventually, sleep } from '../support/process-hub.ts';
import { Person } from '../support/storm.ts';
import type { Made, World } from '../support/odoo-world.ts';

const WITHIN_MS = 120_000;
const QUIET_MS = 15_000;
/** Two refusals, a few calls that were under way, and looks that are far apart. */
const MOST_AFTER_REVOKED = 12;

type Seen = { readonly state: readonly string[]; readonly context: Readonly<Record<string, unknown>> };
type Answer = { status: number; body: Record<string, unknown> };

/**
 * The key is exchanged while calls go on; it is ended in Odoo, and somebody is asked without a storm of calls; a field is added in Odoo, and made required.
 */
export async function lookAfter(
  world: World,
  settings: OdooSettings,
  made: Made,
): Promise<Readonly<Record<string, unknown>> & { held: boolean }> {
  const care = new Care(world, settings);
  const rotation = await care.rotate();
  const revoked = await care.revoke();
  const drift = await care.drift(must(made.partners[0], 'a contact'));
  const held = rotation.failed === 0 && rotation.keys === 1 && revoked.calls <= MOST_AFTER_REVOKED && drift.held;
  return { held, rotation, revoked, drift };
}

class Care {
  readonly #world: World;
  readonly #settings: OdooSettings;
  readonly #operator: Person;
  #key = 0;

  constructor(world: World, settings: OdooSettings) {
    this.#world = world;
    this.#settings = settings;
    this.#operator = new Person(world.hub, 'operator');
  }

  async #seen(): Promise<Seen> {
    const { body } = await this.#operator.call('GET', '/v1/actors/integration/odoo');
    return { state: body['state'] as string[], context: body['context'] as Seen['context'] };
  }

  #send(type: string, fields: object = {}): Promise<Answer> {
    return this.#operator.call('POST', '/v1/actors/integration/odoo/events', { type, ...fields }, `${this.#world.run}-care-${this.#key++}`);
  }

  async #sent(type: string, fields: object = {}): Promise<void> {
    const { status, body } = await this.#send(type, fields);
    if (status >= 300) throw new Error(`${type}: ${status} ${JSON.stringify(body)}`);
  }

  #until(what: string, isSo: (seen: Seen) => boolean): Promise<void> {
    return eventually(what, WITHIN_MS, async () => isSo(await this.#seen()));
  }

  /** The hub's own keys as Odoo lists them. */
  async #keys(): Promise<readonly number[]> {
    return (await this.#world.odoo('res.users.apikeys', 'search', { domain: [['name', '=like', 'Green Lines Hub %']] })) as number[];
  }

  /** The second exchange ends the key that the first one made; the one that somebody pasted is his. */
  async rotate(): Promise<{ readonly keys: number; readonly failed: number; readonly exchanged: number }> {
    await this.#endAll();
    const count = ({ context }: Seen): number =>
      Object.values((context['errors'] ?? {}) as Record<string, number>).reduce((sum, n) => sum + n, 0);
    const before = count(await this.#seen());
    let exchanged = 0;
    for (let n = 0; n < 2; n++) {
      const at = Date.now();
      await this.#sent('ROTATE');
      await this.#until('the key is exchanged', ({ state, context }) => {
        const deed = (context['did'] as { at: number; what: string }[]).find(({ what }) => what === 'rotated');
        return state.includes('auth.valid') && deed !== undefined && deed.at >= at - 1_000;
      });
      exchanged += 1;
      await sleep(1_000);
    }
    return { keys: (await this.#keys()).length, failed: count(await this.#seen()) - before, exchanged };
  }

  /** As somebody does in Odoo: it asks for his password again. */
  async #endAll(): Promise<void> {
    const ids = await this.#keys();
    if (ids.length === 0) return;
    const action = (await this.#world.odoo('res.users.apikeys', 'remove', { ids })) as { res_id?: number } | null;
    const context = { password: this.#settings.password };
    if (typeof action?.res_id === 'number')
      await this.#world.odoo('res.users.identitycheck', 'run_check', { ids: [action.res_id], context });
  }

  /** The key is ended there. Nobody can exchange it any more; a person pastes the next one. */
  async revoke(): Promise<{ readonly calls: number; readonly quiet_s: number }> {
    const { relay, hub } = this.#world;
    await this.#endAll();
    relay.lose(() => undefined);
    await this.#until('somebody is asked for a key', ({ state }) => state.includes('auth.invalid'));
    await sleep(QUIET_MS);
    const calls = relay.asked.length;
    const { api_key } = this.#settings;
    const admin = new Person(hub, 'admin');
    const { status, body } = await admin.call('POST', '/v1/integrations/odoo/secrets', { secrets: { api_key } }, `${this.#world.run}-key`);
    if (status >= 300) throw new Error(`The new key was not taken: ${status} ${JSON.stringify(body)}`);
    await this.#sent('RESET');
    await this.#until('the key is taken', ({ state }) => state.includes('auth.valid'));
    return { calls, quiet_s: QUIET_MS / 1000 };
  }

  async drift(partner: number): Promise<Readonly<Record<string, unknown>> & { held: boolean }> {
    const { odoo, clerk, run } = this.#world;
    await this.#looked('the contract is known', ({ context }) => (context['contract'] as { accepted: unknown }).accepted !== null);
    const [model] = (await odoo('ir.model', 'search', { domain: [['model', '=', 'res.partner']] })) as number[];
    const vals = { model_id: model, name: `x_gl_${run}`, field_description: 'A field', ttype: 'char' };
    const field = (await odoo('ir.model.fields', 'create', { vals_list: [vals] })) as number[];
    await this.#looked('the new field is told', ({ state }) => state.includes('contract.drifted_additive'));
    await odoo('ir.model.fields', 'write', { ids: field, vals: { required: true } });
    await this.#looked('the required one stops it', ({ state }) => state.includes('contract.drifted_breaking'));
    const stopped = (await this.#seen()).state;
    await clerk.call('POST', `/v1/actors/client/odoo-${partner}/events`, { type: 'AMEND', zip: '53111' }, `${run}-drift`);
    await sleep(3_000);
    const zip = async (): Promise<unknown> => {
      const [row] = (await odoo('res.partner', 'read', { ids: [partner], fields: ['zip'] })) as { zip: unknown }[];
      return row?.zip;
    };
    const written = (await zip()) === '53111';
    await odoo('ir.model.fields', 'unlink', { ids: field });
    await this.#looked('it is as it was', ({ state }) => state.includes('contract.compatible'));
    await this.#send('RELEASE');
    await this.#until('it goes on', ({ state }) => state.includes('lifecycle.enabled'));
    await eventually('what waited is written', WITHIN_MS, async () => (await zip()) === '53111').catch(async (error: unknown) => {
      const { body } = await this.#operator.call('GET', `/v1/actors/binding/odoo-client-odoo-${partner}`);
      this.#world.tell(JSON.stringify({ error: String(error), binding: body, integration: await this.#seen() }));
    });
    return { held: !written && stopped.includes('lifecycle.quarantined'), written_while_it_stood: written };
  }

  /** Looks again until it is so: a look that is under way may be of before. */
  async #looked(what: string, isSo: (seen: Seen) => boolean): Promise<void> {
    await eventually(what, WITHIN_MS, async () => {
      await this.#send('PROBE');
      await sleep(1_000);
      return isSo(await this.#seen());
    });
  }
}
