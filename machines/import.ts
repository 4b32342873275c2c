import * as rules from './import-rules.ts';
import { importSetup } from './import-setup.ts';
import { importEvents, importFacts, importInput, importSettings } from './import-terms.ts';
import type { Approve, MapColumns, Start } from './import-terms.ts';
import { defineMachine, readEffectError } from './machine.ts';

const importMachine = importSetup.createMachine({
  id: 'import',
  context: ({ input }) => rules.toContext(input),
  initial: 'reading',
  states: {
    reading: {
      invoke: {
        id: 'file',
        src: 'imports.read_file',
        input: ({ context }) => rules.toReadFile(context),
        onDone: { target: 'draft', actions: { type: 'noteFile', params: ({ event }) => event.output } },
        onError: { target: 'unreadable', actions: { type: 'noteTrouble', params: ({ event }) => readEffectError(event) } },
      },
    },
    unreadable: { tags: ['needs_somebody'], on: { CANCEL: 'canceled' } },
    draft: {
      tags: ['needs_somebody'],
      on: {
        MAP: {
          guard: { type: 'canMap', params: ({ event }) => event },
          target: 'mapped',
          actions: { type: 'map', params: ({ event }) => event },
        },
        CANCEL: 'canceled',
      },
    },
    mapped: {
      tags: ['needs_somebody'],
      on: {
        MAP: { guard: { type: 'canMap', params: ({ event }) => event }, actions: { type: 'map', params: ({ event }) => event } },
        PREVIEW: { target: 'previewing', actions: { type: 'beginPreview', params: ({ event }) => event } },
        CANCEL: 'canceled',
      },
    },
    // Every row goes through the same checks as later, and nothing is made.
    previewing: {
      invoke: {
        id: 'rows',
        src: 'imports.try_rows',
        input: ({ context }) => rules.toTry(context),
        onDone: [
          {
            guard: { type: 'isLast', params: ({ event }) => event.output },
            target: 'previewed',
            actions: [{ type: 'noteRows', params: ({ event }) => event.output }, 'notePreview'],
          },
          { target: 'previewing', reenter: true, actions: { type: 'noteRows', params: ({ event }) => event.output } },
        ],
        onError: { target: 'mapped', actions: { type: 'noteTrouble', params: ({ event }) => readEffectError(event) } },
      },
      on: { STOP: 'mapped', CANCEL: 'canceled' },
    },
    previewed: {
      tags: ['needs_somebody'],
      on: {
        MAP: {
          guard: { type: 'canMap', params: ({ event }) => event },
          target: 'mapped',
          actions: { type: 'map', params: ({ event }) => event },
        },
        START: [
          {
            guard: { type: 'canStartAlone', params: ({ event }) => event },
            target: 'running',
            actions: [{ type: 'start', params: ({ event }) => event }, 'beginRun', 'announceStarted'],
          },
          {
            guard: { type: 'canStart', params: ({ event }) => event },
            target: 'proposed',
            actions: { type: 'start', params: ({ event }) => event },
          },
        ],
        CANCEL: 'canceled',
      },
    },
    proposed: {
      tags: ['needs_somebody'],
      on: {
        APPROVE: {
          guard: { type: 'canApprove', params: ({ event }) => event },
          target: 'running',
          actions: [{ type: 'approve', params: ({ event }) => event }, 'beginRun', 'announceStarted'],
        },
        MAP: {
          guard: { type: 'canMap', params: ({ event }) => event },
          target: 'mapped',
          actions: { type: 'map', params: ({ event }) => event },
        },
        CANCEL: 'canceled',
      },
    },
    // How it is mapped is not changed from here on: each row has the id that it was sent under.
    running: {
      invoke: {
        id: 'rows',
        src: 'imports.send_rows',
        input: ({ context }) => rules.toSend(context),
        onDone: [
          {
            guard: { type: 'isLast', params: ({ event }) => event.output },
            target: 'done',
            actions: [{ type: 'noteRows', params: ({ event }) => event.output }, 'announceDone'],
          },
          { target: 'running', reenter: true, actions: { type: 'noteRows', params: ({ event }) => event.output } },
        ],
        onError: { target: 'stopped', actions: { type: 'noteTrouble', params: ({ event }) => readEffectError(event) } },
      },
      on: { STOP: 'stopped' },
    },
    stopped: {
      tags: ['needs_somebody'],
      on: { RESUME: { target: 'running', actions: 'forgetTrouble' }, CANCEL: { target: 'canceled', actions: 'announceCanceled' } },
    },
    done: { tags: ['final'] },
    canceled: { tags: ['final'] },
  },
});

/**
 * A file whose rows make actors, each through the gate that everybody's commands go through. It is mapped, tried, started, where it is large
 * agreed to by another person, and goes on from where it stood after whatever kept it.
 */
export const fileImport = defineMachine({
  type: 'import',
  version: 1,
  machine: importMachine,
  input: importInput,
  events: importEvents,
  facts: importFacts,
  settings: importSettings,
  permissions: {
    '@create': ['clerk'],
    MAP: ['clerk'],
    PREVIEW: ['clerk'],
    START: ['clerk'],
    APPROVE: ['approver', 'cfo'],
    STOP: ['clerk', 'operator'],
    RESUME: ['clerk', 'operator'],
    CANCEL: ['clerk', 'approver', 'cfo', 'operator'],
  },
  views: { hq: { rows: 'all', fields: 'all' } },
  title: ({ name }) => name,
  summary: rules.toSummary,
  search: ({ id, name, target, maker }) => [id, name, target, maker],
  reasons: {
    MAP: ({ context }, event: MapColumns) => rules.refuseMapping(context, event),
    START: ({ context }, event: Start) => rules.refuseStart(context, event),
    APPROVE: ({ context }, event: Approve) => rules.refuseApproval(context, event),
  },
  samples: {
    // The one that stands, or, before there is one, every field from a fixed value.
    MAP: ({ mapping, fields }) =>
      mapping ?? {
        fields: fields.map(({ field }) => ({ field, column: null, otherwise: 'probe', as: 'text', currency: null })),
        key: null,
      },
    START: ({ payload_hash }) => ({ hash: payload_hash ?? '' }),
    APPROVE: ({ payload_hash }) => ({ hash: payload_hash ?? '' }),
  },
});
