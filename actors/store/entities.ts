import { defineEntity, p } from '@mikro-orm/core';

/*
 * The tables as MikroORM reads them. The migrations write them; a test holds the two together. Ids and addresses are
 * compared byte by byte (collation "C"), which is what makes their indexes fast and the same on every machine.
 */

export const Partition = defineEntity({
  name: 'Partition',
  tableName: 'partition',
  properties: {
    id: p.integer().primary().autoincrement(false),
    owner: p.text().nullable(),
    epoch: p.bigint('number'),
  },
});

export const Node = defineEntity({
  name: 'Node',
  tableName: 'node',
  properties: {
    id: p.text().primary(),
    url: p.text(),
    release: p.text(),
    since: p.datetime(),
    leaseUntil: p.datetime(),
  },
});

export const Journal = defineEntity({
  name: 'Journal',
  tableName: 'journal',
  uniques: [
    { name: 'journal_event', properties: ['actor', 'eventId'] },
    { name: 'journal_seq', properties: ['partition', 'seq'] },
  ],
  properties: {
    actor: p.text().primary(),
    version: p.integer().primary(),
    partition: p.smallint(),
    seq: p.bigint('number'),
    eventId: p.text(),
    event: p.text(),
    bodyHash: p.text(),
    caller: p.text(),
    causation: p.text().nullable(),
    correlation: p.text().nullable(),
    traceparent: p.text().nullable(),
    at: p.bigint('number'),
    machineVersion: p.integer(),
    envelope: p.text(),
    asked: p.text().nullable(),
    hash: p.text(),
    /** Set where retention has moved the contents to the archive. */
    envelopeHash: p.text().nullable(),
    askedHash: p.text().nullable(),
  },
});

/** Contents of an actor's versions from `first` to `last`, packed; the journal keeps their hashes. */
export const JournalArchive = defineEntity({
  name: 'JournalArchive',
  tableName: 'journal_archive',
  properties: {
    actor: p.text().primary(),
    first: p.integer().primary(),
    last: p.integer(),
    contents: p.blob(),
    contentsHash: p.text(),
  },
});

export const Actor = defineEntity({
  name: 'Actor',
  tableName: 'actor',
  properties: {
    address: p.text().primary(),
    partition: p.smallint(),
    type: p.text(),
    version: p.integer(),
    state: p.text(),
    tags: p.text().nullable(),
    dueAt: p.bigint('number').nullable(),
    pending: p.integer(),
    parked: p.boolean(),
    title: p.text().nullable(),
    summary: p.text().nullable(),
    client: p.text().nullable(),
    agent: p.text().nullable(),
    createdAt: p.bigint('number'),
    updatedAt: p.bigint('number'),
  },
});

export const Refusal = defineEntity({
  name: 'Refusal',
  tableName: 'refusal',
  properties: {
    actor: p.text().primary(),
    eventId: p.text().primary(),
    bodyHash: p.text(),
    reason: p.text(),
    detail: p.text().nullable(),
    version: p.integer(),
    at: p.bigint('number'),
  },
});

export const Creation = defineEntity({
  name: 'Creation',
  tableName: 'creation',
  properties: {
    caller: p.text().primary(),
    key: p.text().primary(),
    bodyHash: p.text(),
    actor: p.text(),
  },
});

export const DeadLetter = defineEntity({
  name: 'DeadLetter',
  tableName: 'dead_letter',
  properties: {
    id: p.text().primary(),
    actor: p.text(),
    eventId: p.text(),
    event: p.text(),
    caller: p.text(),
    reason: p.text(),
    detail: p.text().nullable(),
    at: p.bigint('number'),
    resolution: p.text().nullable(),
    resolvedBy: p.text().nullable(),
    resolvedAt: p.bigint('number').nullable(),
    note: p.text().nullable(),
    edits: p.integer().default(0),
    n: p.bigint('number').autoincrement(),
  },
});

/** A kind of actors that stands still because an operator said so. */
export const TypePause = defineEntity({
  name: 'TypePause',
  tableName: 'type_pause',
  properties: {
    type: p.text().primary(),
    person: p.text(),
    reason: p.text(),
    at: p.bigint('number'),
  },
});

/** What operators did, also where no actor's journal has it. */
export const Operation = defineEntity({
  name: 'Operation',
  tableName: 'operation',
  properties: {
    id: p.text().primary(),
    at: p.bigint('number'),
    person: p.text(),
    action: p.text(),
    target: p.text(),
    reason: p.text(),
    outcome: p.text().nullable(),
    detail: p.text().nullable(),
  },
});

/** The ledger: one row for each leg. The journal holds the same, so that it can be made anew. */
export const Posting = defineEntity({
  name: 'Posting',
  tableName: 'posting',
  properties: {
    actor: p.text().primary(),
    version: p.integer().primary(),
    i: p.integer().primary(),
    leg: p.integer().primary(),
    partition: p.smallint(),
    account: p.text(),
    currency: p.text(),
    amountMinor: p.bigint('number'),
    at: p.bigint('number'),
    pending: p.boolean().default(false),
    effective: p.bigint('number').nullable(),
    kind: p.text().default('posted'),
    ofVersion: p.integer().nullable(),
    ofI: p.integer().nullable(),
  },
});

export const Progress = defineEntity({
  name: 'Progress',
  tableName: 'progress',
  properties: {
    partition: p.smallint().primary().autoincrement(false),
    epoch: p.bigint('number'),
    stream: p.text(),
    cursor: p.bigint('number'),
    published: p.bigint('number'),
  },
});

/** How many actors of a partition stand where, right up to row number `seq`; written behind. */
export const Tally = defineEntity({
  name: 'Tally',
  tableName: 'tally',
  properties: {
    partition: p.smallint().primary().autoincrement(false),
    seq: p.bigint('number'),
    counts: p.text(),
  },
});

/** How actors moved in the five minutes from `bucket` on, as one node committed it; written behind. */
export const Flow = defineEntity({
  name: 'Flow',
  tableName: 'flow',
  properties: {
    bucket: p.bigint('number').primary().autoincrement(false),
    node: p.text().primary(),
    counts: p.text(),
  },
});

/** What full-text search finds an actor by; written behind. */
export const ActorText = defineEntity({
  name: 'ActorText',
  tableName: 'actor_text',
  properties: {
    address: p.text().primary(),
    type: p.text(),
    text: p.text(),
  },
});

export const Person = defineEntity({
  name: 'Person',
  tableName: 'person',
  properties: {
    username: p.text().primary(),
    passwordHash: p.text().nullable(),
    roles: p.array(),
    client: p.text().nullable(),
    disabled: p.boolean(),
    demo: p.boolean(),
    /** Raised whenever rights or the password change: tokens of an older generation are refused. */
    generation: p.integer(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

/** One refresh token; a family is what one sign-in was rotated into. */
export const RefreshToken = defineEntity({
  name: 'RefreshToken',
  tableName: 'refresh_token',
  properties: {
    /** SHA-256 of the token, hex. */
    hash: p.text().primary(),
    family: p.text(),
    username: p.text(),
    expiresAt: p.datetime(),
    usedAt: p.datetime().nullable(),
    revokedAt: p.datetime().nullable(),
  },
});

/** What the hub itself keeps: its id, generated secrets (encrypted), integrations' settings. */
export const Setting = defineEntity({
  name: 'Setting',
  tableName: 'setting',
  properties: {
    name: p.text().primary(),
    value: p.text(),
  },
});

/** A file that actors are made from. `found`: JSON of its columns and how it was read. */
export const ImportFile = defineEntity({
  name: 'ImportFile',
  tableName: 'import_file',
  properties: {
    id: p.text().primary(),
    person: p.text(),
    sha256: p.text(),
    bytes: p.integer(),
    found: p.text(),
    at: p.bigint('number'),
  },
});

/** Some rows of a file, as JSON. */
export const ImportPiece = defineEntity({
  name: 'ImportPiece',
  tableName: 'import_piece',
  properties: {
    file: p.text().primary(),
    sha256: p.text().primary(),
    n: p.integer().primary().autoincrement(false),
    lastRow: p.integer(),
    rows: p.text(),
  },
});

/** Which row of a file came with an id first. */
export const ImportKey = defineEntity({
  name: 'ImportKey',
  tableName: 'import_key',
  properties: {
    file: p.text().primary(),
    pass: p.integer().primary().autoincrement(false),
    key: p.text().primary(),
    row: p.integer(),
  },
});

/** A row that could not be taken, and why, as JSON. */
export const ImportBad = defineEntity({
  name: 'ImportBad',
  tableName: 'import_bad',
  properties: {
    file: p.text().primary(),
    pass: p.integer().primary().autoincrement(false),
    row: p.integer().primary().autoincrement(false),
    reasons: p.text(),
  },
});

export const entities = [
  Partition,
  Node,
  Journal,
  JournalArchive,
  Actor,
  Refusal,
  Creation,
  DeadLetter,
  TypePause,
  Operation,
  Posting,
  Progress,
  Tally,
  Flow,
  ActorText,
  Person,
  RefreshToken,
  Setting,
  ImportFile,
  ImportPiece,
  ImportKey,
  ImportBad,
];
