import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { isType } from './ids.ts';
import { ROLES } from './machine.ts';
import { machines } from './machines.ts';

describe.each(machines.map((definition) => [definition.type, definition] as const))('%s', (_, definition) => {
  test('[MACH-1] its name is a noun that addresses and subjects can carry, and no other machine has it', () => {
    expect(isType(definition.type)).toBe(true);
    expect(machines.filter(({ type }) => type === definition.type)).toHaveLength(1);
  });

  test('[MACH-2] every public event is open to some role, and every role is one that exists', () => {
    expect(Object.keys(definition.permissions).sort()).toEqual(['@create', ...Object.keys(definition.events)].sort());
    for (const roles of Object.values(definition.permissions)) {
      expect(roles.length).toBeGreaterThan(0);
      for (const role of roles) expect(ROLES).toContain(role);
    }
  });

  test('[MACH-3] every event that the chart listens to is declared with a schema, and every declared one is listened to', () => {
    const listened = new Set<string>();
    const visit = (node: { transitions: Map<string, unknown>; states: Record<string, unknown> }): void => {
      for (const type of node.transitions.keys()) if (!type.startsWith('xstate.') && type !== '') listened.add(type);
      for (const inner of Object.values(node.states)) visit(inner as typeof node);
    };
    visit(definition.machine.root as never);
    expect([...listened].sort()).toEqual(Object.keys({ ...definition.events, ...definition.internal }).sort());
  });

  test('[MACH-4] samples, reasons and permissions are about events that exist; events that need a payload have a sample', () => {
    const known = Object.keys(definition.events);
    for (const type of Object.keys(definition.samples)) expect(known).toContain(type);
    for (const type of Object.keys(definition.reasons)) expect(['@create', ...known, ...Object.keys(definition.internal)]).toContain(type);
    const needy = known.filter((type) => definition.events[type]?.safeParse({}).success === false);
    for (const type of needy) expect([type, type in definition.samples]).toEqual([type, true]);
  });

  test('[MACH-5] its chart is plain data, as Stately Studio and the inspector read it', () => {
    const config = JSON.parse(JSON.stringify(definition.machine.config)) as { id: string };
    expect(config.id).toBe(definition.type);
  });

  test('[MACH-6] its schemas can be published', () => {
    for (const schema of [
      definition.input,
      definition.settings,
      ...Object.values({ ...definition.events, ...definition.internal, ...definition.facts }),
    ]) {
      expect(() => z.toJSONSchema(schema, { io: 'input' })).not.toThrow();
    }
  });

  test('[MACH-7] settings have a default each, so that a hub without configuration runs', () => {
    expect(definition.settings.safeParse({}).success).toBe(true);
  });
});
