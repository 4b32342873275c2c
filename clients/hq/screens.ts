import type { Screen } from './screen.ts';

/** Every screen of the console. A new one is a file in screens/ and an entry here; its code is fetched when somebody goes there. */
export const screens: readonly Screen[] = [
  {
    path: '/',
    title: 'Overview',
    load: async () => (await import('./screens/overview.tsx')).Overview,
    nav: { label: 'Overview', icon: 'M3 3h6v6H3zM11 3h6v4h-6zM11 10h6v7h-6zM3 12h6v5H3z', key: 'o' },
  },
  {
    path: '/payments',
    title: 'Payments',
    load: async () => (await import('./screens/payments.tsx')).Payments,
    nav: { label: 'Payments', icon: 'M2.5 5h15v10h-15zM2.5 8.5h15M5.5 12h3', key: 'p' },
  },
  {
    path: '/approvals',
    title: 'Approvals',
    load: async () => (await import('./screens/approvals.tsx')).Approvals,
    nav: { label: 'Approvals', icon: 'M4 10.5l4 4 8-9M2.5 3h9M2.5 6.5h5', key: 'a', roles: ['approver', 'cfo'] },
  },
  {
    path: '/clients',
    title: 'Clients',
    load: async () => (await import('./screens/clients.tsx')).Clients,
    nav: { label: 'Clients', icon: 'M3 17.5V4.5h8v13M11 8.5h6v9M2 17.5h16M5.5 8h3M5.5 11.5h3M14 12v.2', key: 'c' },
  },
  {
    path: '/integrations',
    title: 'Integrations',
    load: async () => (await import('./screens/integrations.tsx')).Integrations,
    nav: { label: 'Integrations', icon: 'M6.5 2.5v4M13.5 2.5v4M4 6.5h12v3a6 6 0 0 1-12 0zM10 15.5v3', key: 'i' },
  },
  {
    path: '/board',
    title: 'Board',
    load: async () => (await import('./screens/board.tsx')).Board,
    nav: { label: 'Board', icon: 'M2.5 4h5v4h-5zM12.5 4h5v4h-5zM7.5 12h5v4h-5zM7.5 6h5M15 8v2.5h-5V12', key: 'b' },
  },
  { path: '/board/$type', title: 'Board', load: async () => (await import('./screens/board.tsx')).Board },
  { path: '/$type/$id', title: 'Actor', load: async () => (await import('./screens/actor.tsx')).Actor },
];
