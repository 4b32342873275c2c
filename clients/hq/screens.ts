import type { Screen } from './screen.ts';
import { texts } from './texts.ts';

const names = texts.screens;

/** Every screen of the console. A new one is a file in screens/ and an entry here; its code is fetched when somebody goes there. */
export const screens: readonly Screen[] = [
  {
    path: '/',
    title: names.overview,
    load: async () => (await import('./screens/overview.tsx')).Overview,
    nav: { label: names.overview, icon: 'M3 3h6v6H3zM11 3h6v4h-6zM11 10h6v7h-6zM3 12h6v5H3z', key: 'o' },
  },
  {
    path: '/payments',
    title: names.payments,
    load: async () => (await import('./screens/payments.tsx')).Payments,
    nav: { label: names.payments, icon: 'M2.5 5h15v10h-15zM2.5 8.5h15M5.5 12h3', key: 'p' },
  },
  {
    path: '/approvals',
    title: names.approvals,
    load: async () => (await import('./screens/approvals.tsx')).Approvals,
    nav: { label: names.approvals, icon: 'M4 10.5l4 4 8-9M2.5 3h9M2.5 6.5h5', key: 'a', roles: ['approver', 'cfo', 'operator', 'admin'] },
  },
  {
    path: '/clients',
    title: names.clients,
    load: async () => (await import('./screens/clients.tsx')).Clients,
    nav: { label: names.clients, icon: 'M3 17.5V4.5h8v13M11 8.5h6v9M2 17.5h16M5.5 8h3M5.5 11.5h3M14 12v.2', key: 'c' },
  },
  {
    path: '/accounts',
    title: names.accounts,
    load: async () => (await import('./screens/accounts.tsx')).Accounts,
    nav: { label: names.accounts, icon: 'M2.5 8L10 3l7.5 5M4 8v7M8 8v7M12 8v7M16 8v7M2.5 16.5h15', key: 'm' },
  },
  {
    path: '/limits',
    title: names.limits,
    load: async () => (await import('./screens/limits.tsx')).Limits,
    nav: { label: names.limits, icon: 'M3 14.5a7 7 0 1 1 14 0M10 14.5l4-5M3 14.5h2M15 14.5h2', key: 't' },
  },
  {
    path: '/disputes',
    title: names.disputes,
    load: async () => (await import('./screens/disputes.tsx')).Disputes,
    nav: { label: names.disputes, icon: 'M10 3v14M6.5 17h7M4 6h12M4 6l-2 5h4zM16 6l-2 5h4z', key: 's' },
  },
  {
    path: '/integrations',
    title: names.integrations,
    load: async () => (await import('./screens/integrations.tsx')).Integrations,
    nav: { label: names.integrations, icon: 'M6.5 2.5v4M13.5 2.5v4M4 6.5h12v3a6 6 0 0 1-12 0zM10 15.5v3', key: 'i' },
  },
  {
    path: '/rates',
    title: names.rates,
    load: async () => (await import('./screens/rates.tsx')).Rates,
    nav: { label: names.rates, icon: 'M3 7h12l-3-3.5M17 13H5l3 3.5', key: 'r' },
  },
  {
    path: '/ledger',
    title: names.ledger,
    load: async () => (await import('./screens/ledger.tsx')).Ledger,
    nav: {
      label: names.ledger,
      icon: 'M4.5 2.5h11v15h-11zM7.5 2.5v15M10 6.5h3.5M10 9.5h3.5',
      key: 'l',
      roles: ['cfo', 'auditor', 'admin', 'approver', 'clerk'],
    },
  },
  {
    path: '/periods',
    title: names.periods,
    load: async () => (await import('./screens/periods.tsx')).Periods,
    nav: {
      label: names.periods,
      icon: 'M3 4.5h14v12.5H3zM3 8h14M6.5 2.5v3.5M13.5 2.5v3.5M7 12.5l2 2 4-4',
      key: 'f',
      roles: ['cfo', 'auditor', 'approver'],
    },
  },
  {
    path: '/imports',
    title: names.imports,
    load: async () => (await import('./screens/imports.tsx')).Imports,
    nav: {
      label: names.imports,
      icon: 'M10 2.5v9M6.5 8.5l3.5 3.5 3.5-3.5M3 13v4h14v-4',
      key: 'j',
      roles: ['clerk', 'approver', 'cfo', 'operator', 'auditor'],
    },
  },
  {
    path: '/bills',
    title: names.bills,
    load: async () => (await import('./screens/bills.tsx')).Bills,
    nav: { label: names.bills, icon: 'M5 2.5h10v15l-2.5-1.5L10 17.5 7.5 16 5 17.5zM7.5 6.5h5M7.5 9.5h5M7.5 12.5h3', key: 'v' },
  },
  {
    path: '/records',
    title: names.records,
    load: async () => (await import('./screens/records.tsx')).Records,
    nav: { label: names.records, icon: 'M3 4.5h6v11H3zM11 4.5h6v11h-6zM5 8h2M13 8h2M5 11h2M13 11h2M9 7.5h2M9 12.5h2', key: 'y' },
  },
  {
    path: '/bookings',
    title: names.bookings,
    load: async () => (await import('./screens/bookings.tsx')).Bookings,
    nav: {
      label: names.bookings,
      icon: 'M4 3h9l3 3v11H4zM7 8h6M7 11h6M7 14h3',
      key: 'z',
      roles: ['clerk', 'approver', 'cfo', 'operator', 'admin'],
    },
  },
  {
    path: '/feeds',
    title: names.feeds,
    load: async () => (await import('./screens/feeds.tsx')).Feeds,
    nav: {
      label: names.feeds,
      icon: 'M3 6h9l-3-3M17 14H8l3 3M3 10h14',
      key: 'h',
      roles: ['operator', 'admin'],
    },
  },
  { path: '/ledger/statement', title: names.statement, load: async () => (await import('./screens/statement.tsx')).Statement },
  {
    path: '/board',
    title: names.board,
    load: async () => (await import('./screens/board.tsx')).Board,
    nav: { label: names.board, icon: 'M2.5 4h5v4h-5zM12.5 4h5v4h-5zM7.5 12h5v4h-5zM7.5 6h5M15 8v2.5h-5V12', key: 'b' },
  },
  { path: '/board/$type', title: names.board, load: async () => (await import('./screens/board.tsx')).Board },
  {
    path: '/dead-letters',
    title: names.deadLetters,
    load: async () => (await import('./screens/dead-letters.tsx')).DeadLetters,
    nav: {
      label: names.deadLetters,
      icon: 'M2.5 5h15v10.5h-15zM2.5 5.5l7.5 5.5 7.5-5.5',
      key: 'd',
      roles: ['operator', 'admin', 'auditor'],
    },
  },
  {
    path: '/nodes',
    title: names.nodes,
    load: async () => (await import('./screens/nodes.tsx')).Nodes,
    nav: { label: names.nodes, icon: 'M3 3.5h14v5H3zM3 11.5h14v5H3zM6 6h.2M6 14h.2', key: 'n', roles: ['operator', 'admin'] },
  },
  {
    path: '/audit',
    title: names.audit,
    load: async () => (await import('./screens/audit.tsx')).Audit,
    nav: {
      label: names.audit,
      icon: 'M4 3h9l3 3v11H4zM7 8h6M7 11h6M7 14h4',
      key: 'u',
      roles: ['auditor', 'admin'],
    },
  },
  {
    path: '/operations',
    title: names.operatorsActions,
    load: async () => (await import('./screens/operations.tsx')).Operations,
    nav: {
      label: names.operations,
      icon: 'M10 2.5a3 3 0 1 1 0 6a3 3 0 0 1 0-6zM3.5 16.5c.6-3.8 3.2-5.5 6.5-5.5M12 14.5l2 2 4-4.5',
      key: 'w',
      roles: ['operator', 'admin', 'auditor'],
    },
  },
  {
    path: '/people',
    title: names.peopleAndRoles,
    load: async () => (await import('./screens/people.tsx')).People,
    nav: {
      label: names.people,
      icon: 'M10 3.5a3.2 3.2 0 1 1 0 6.4a3.2 3.2 0 0 1 0-6.4zM3.5 17a6.5 6.5 0 0 1 13 0',
      key: 'e',
      roles: ['admin', 'auditor'],
    },
  },
  { path: '/$type/$id', title: names.actor, load: async () => (await import('./screens/actor.tsx')).Actor },
];
